/** dynalite as its authors ship it: in memory, without encryption, without verifying signatures. */
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { processCpu_us, serveParent } from './child.ts';

const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });

serveParent({
  listen: () =>
    new Promise<string>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      });
    }),
  cpu_us: processCpu_us,
});
