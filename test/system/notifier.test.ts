import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openNotifier } from '../../src/system/notifier.ts';
import type { KeyMessage } from '../../src/system/store/types.ts';
import { type SmtpServer, startSmtpServer } from './smtp-server.ts';

const message: KeyMessage = {
  time: '2026-01-01T00:20:00.000Z',
  event: 'key-inaccessible',
  table: 'users',
  keyArn: 'arn:aws:kms:us-east-1:123456789012:key/1',
  subject: 'DynamoDB table users in us-east-1: its KMS key is inaccessible',
  body: 'Table: users\n.a line that begins with a dot\n\nWhat to do: enable the key.',
};

describe('--notify FILE', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealbench-notify-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('appends a line of JSON for each message, to what is there, for its owner to read', async () => {
    const file = join(folder, 'messages.jsonl');
    for (const table of ['users', 'orders']) {
      const notify = await openNotifier(file, () => {});
      await notify({ ...message, table });
    }
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line))).toEqual([message, { ...message, table: 'orders' }]);
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it('says once that the file can not be written any more, and again after it could', async () => {
    const said: string[] = [];
    const inside = join(folder, 'inside');
    mkdirSync(inside);
    const notify = await openNotifier(join(inside, 'messages.jsonl'), (text) => said.push(text));
    rmSync(inside, { recursive: true });
    await expect(notify(message)).rejects.toThrow('ENOENT');
    await expect(notify(message)).rejects.toThrow('ENOENT');
    expect(said).toEqual([
      `--notify: ${join(inside, 'messages.jsonl')} takes no messages (ENOENT); they are kept and tried again.`,
    ]);
    mkdirSync(inside);
    await notify(message);
    rmSync(inside, { recursive: true });
    await expect(notify(message)).rejects.toThrow('ENOENT');
    expect(said).toHaveLength(2);
  });

  it.each(['', '.', 'none/messages.jsonl'])('is refused when it can not be written: "%s"', async (path) => {
    const refused = openNotifier(path === 'none/messages.jsonl' ? join(folder, path) : path, () => {});
    await expect(refused).rejects.toMatchObject({ name: 'InputError', code: 'E_NOTIFY' });
  });
});

describe('--notify smtp://', () => {
  let server: SmtpServer;
  let said: string[];
  beforeEach(async () => {
    said = [];
    server = await startSmtpServer();
  });
  afterEach(() => server.close());
  const open = (user = '', query = 'from=dynamodb@example.com&to=ann@example.com,bob+keys@example.com') =>
    openNotifier(`smtp://${user}127.0.0.1:${server.port}?${query}`, (text) => said.push(text));

  it('sends an e-mail to each recipient', async () => {
    const notify = await open();
    await notify(message);
    expect(server.mails).toMatchObject([
      {
        from: 'dynamodb@example.com',
        to: ['ann@example.com', 'bob+keys@example.com'],
        credentials: undefined,
      },
    ]);
    const [headers = '', body] = server.mails[0]!.text.split(/\n\n(.*)/s);
    const unfolded = headers.replaceAll(/\n\s+/g, ' ');
    expect(unfolded).toContain(`Subject: ${message.subject}`);
    expect(unfolded).toContain('From: dynamodb@example.com');
    expect(unfolded).toContain('To: ann@example.com, bob+keys@example.com');
    expect(body!.trimEnd()).toBe(message.body);
  });

  it('logs in where a user and a password are given', async () => {
    const notify = await open('ann%40example.com:p%3Ass@');
    await notify(message);
    expect(server.mails[0]!.credentials).toBe('\0ann@example.com\0p:ss');
  });

  it('says once that the server takes nothing, without the password', async () => {
    const notify = await open('ann:hunter2@');
    server.refusal = '451 later';
    for (let time = 0; time < 3; time++) await expect(notify(message)).rejects.toThrow('451 later');
    server.refusal = undefined;
    await notify(message);
    expect(server.mails).toHaveLength(1);
    await server.close();
    await expect(notify(message)).rejects.toThrow();
    expect(said).toEqual([
      '--notify: the mail server takes no messages (EENVELOPE); they are kept and tried again.',
      '--notify: the mail server takes no messages (ESOCKET); they are kept and tried again.',
    ]);
  });

  it.each([
    ['http://example.com', 'http:// is neither a file nor an SMTP server.'],
    ['smtp://?from=a@b&to=c@d', 'The host is missing.'],
    ['smtp://host', "'from' is missing."],
    ['smtp://host?from=a@b', "'to' is missing."],
    ['smtp://host?from=a@b,c@d&to=e@f', "'from' takes one address."],
    ['smtp://host?from=a@b&to=c@d%0ABcc: e@f', "'to' takes e-mail addresses."],
    ['smtp://host?from=a&to=c@d', "'from' takes e-mail addresses."],
    ['smtp://host?from=a@b&to=c@d&cc=e@f', "There is no parameter 'cc'."],
    ['smtp://host/path?from=a@b&to=c@d', 'There is something behind the host.'],
    ['smtp://ann@host?from=a@b&to=c@d', 'A user and a password go together.'],
    ['smtp://ann:hunter2@host:99999?from=a@b&to=c@d', 'This is no URL.'],
    ['smtp://ann:hunter2%@host?from=a@b&to=c@d', 'In the user or the password,'],
  ])('refuses %s', async (target, what) => {
    const refused = openNotifier(target, () => {});
    await expect(refused).rejects.toMatchObject({ name: 'InputError', code: 'E_NOTIFY' });
    await expect(refused).rejects.toThrow(`--notify: ${what}`);
    await expect(refused).rejects.not.toThrow('hunter2');
  });
});
