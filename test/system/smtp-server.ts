/** As much of an SMTP server as takes a message from a client that keeps to RFC 5321. */
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface SmtpServer {
  port: number;
  /** What was delivered: the envelope, and the message with its headers. */
  readonly mails: { from: string; to: string[]; credentials: string | undefined; text: string }[];
  /** Answers messages with this from now on; undefined takes them. */
  refusal: string | undefined;
  close(): Promise<void>;
}

export async function startSmtpServer(): Promise<SmtpServer> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    void converse(socket, server);
  });
  const server: SmtpServer = {
    port: 0,
    mails: [],
    refusal: undefined,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  server.port = (listener.address() as { port: number }).port;
  return server;
}

async function converse(socket: Socket, server: SmtpServer): Promise<void> {
  const say = (line: string) => socket.write(`${line}\r\n`);
  let mail = { from: '', to: [] as string[], credentials: undefined as string | undefined };
  let text: string[] | undefined;
  say('220 test ESMTP');
  for await (const line of createInterface({ input: socket })) {
    if (text !== undefined) {
      if (line !== '.') {
        text.push(line.replace(/^\./, ''));
        continue;
      }
      server.mails.push({ ...mail, text: text.join('\n') });
      text = undefined;
      mail = { ...mail, from: '', to: [] };
      say('250 taken');
      continue;
    }
    const [verb] = line.toUpperCase().split(/[ :]/, 1);
    const address = /<(.*)>/.exec(line)?.[1] ?? '';
    if (verb === 'EHLO') say('250-test\r\n250 AUTH PLAIN');
    else if (verb === 'AUTH') {
      mail.credentials = Buffer.from(line.split(' ')[2]!, 'base64').toString();
      say('235 welcome');
    } else if (verb === 'MAIL') {
      if (server.refusal !== undefined) say(server.refusal);
      else {
        mail.from = address;
        say('250 ok');
      }
    } else if (verb === 'RCPT') {
      mail.to.push(address);
      say('250 ok');
    } else if (verb === 'DATA') {
      text = [];
      say('354 go on');
    } else if (verb === 'QUIT') {
      say('221 bye');
      socket.end();
    } else say('502 what?');
  }
}
