/** A bare node:http server that gives every request the same answer: what is left is what the client costs. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { itemJson } from '../../src/drivers/drivers.ts';
import { serveParent } from './child.ts';

const body = Buffer.from(`{"Item":${itemJson(0, 0, 1024, 1)}}`);
const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': body.length };

const server = createServer({ keepAliveTimeout: 3_600_000 }, (request, response) => {
  request.resume();
  response.writeHead(200, headers).end(body);
});

serveParent({
  listen: () =>
    new Promise<string>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      });
    }),
});
