/** The servers of a selftest in a process of their own, so that their work is not the client's. Forked by `servers.ts`. */
import { type AddressInfo, createServer } from 'node:net';
import { startPacer } from '../load/load.ts';
import { answerParent } from '../std/child.ts';
import { Alarms } from './alarms.ts';
import { KnownServer } from './server.ts';
import type { Behaviour } from './types.ts';

// Awaited where it is used: a question may come before it has started.
const alarms = startPacer().then((pacer) => new Alarms(pacer));
const servers = new Map<string, KnownServer>();
const echo = new Promise<number>((resolve) => {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', (bytes) => socket.write(bytes)).on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
});

// Who stops the selftest from its terminal reaches this process too, and the log must still be read.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.on('disconnect', () => process.exit());
answerParent({
  open: async (behaviour: Behaviour) => {
    const server = new KnownServer(behaviour, await alarms);
    const url = await server.listen();
    servers.set(url, server);
    return url;
  },
  begin: (url: string) => servers.get(url)!.begin(),
  log: (url: string) => servers.get(url)!.log(),
  cpu_us: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  echoPort: () => echo,
  close: async (url: string) => {
    await servers.get(url)!.close();
    servers.delete(url);
  },
});
