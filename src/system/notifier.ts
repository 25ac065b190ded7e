/** Where messages about keys go: `--notify FILE`, a line of JSON each, or `--notify smtp://…`, an e-mail each. */
import { closeSync, openSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { InputError } from '../std/errors.ts';
import type { KeyMessage } from './store/types.ts';

export type Notify = (message: KeyMessage) => Promise<void>;

interface MailTarget {
  host: string;
  port: number;
  /** TLS from the start; without it, as soon as the server offers it. */
  secure: boolean;
  auth: { user: string; pass: string } | undefined;
  from: string;
  to: string[];
}

/** A mail server that says nothing for so long has not taken the message. */
const TIMEOUT_MS = 10_000;
const ADDRESS = /^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/;
const MAIL_FORM = 'smtp://host:port?from=a@b&to=c@d (or smtps://, with user:password@ before the host)';

/**
 * Opens a place for messages. Its failures are the store's to try again.
 *
 * @param target a file to append to, or the URL of an SMTP server
 * @param warn is told of the first failure, and of the first after each success; never of a password
 * @throws InputError E_NOTIFY for a file that can't be written, for a URL that is no SMTP server's or lacks something
 */
export async function openNotifier(target: string, warn: (text: string) => void): Promise<Notify> {
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(target);
  const notify = isUrl ? await mailNotifier(readMailTarget(target)) : fileNotifier(target);
  const name = isUrl ? 'the mail server' : target;
  let failing = false;
  return async (message) => {
    try {
      await notify(message);
      failing = false;
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (!failing)
        warn(`--notify: ${name} takes no messages (${code ?? 'refused'}); they are kept and tried again.`);
      failing = true;
      throw thrown;
    }
  };
}

function fileNotifier(path: string): Notify {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw new InputError('E_NOTIFY', {
      what: `can't be written (${(error as NodeJS.ErrnoException).code}).`,
      where: `--notify ${path}`,
      remedy: `Name a file that you may write, or ${MAIL_FORM}.`,
    });
  }
  // One write for a line, at the end of the file: messages that come together don't mix.
  return (message) => appendFile(path, `${JSON.stringify(message)}\n`, { mode: 0o600, flush: true });
}

async function mailNotifier({ host, port, secure, auth, from, to }: MailTarget): Promise<Notify> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port,
    secure,
    auth,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    dnsTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async ({ subject, body }) => {
    await transport.sendMail({ from, to, subject, text: body });
  };
}

/** What a URL lacks is said without repeating it: it may hold a password. */
function readMailTarget(target: string): MailTarget {
  if (!URL.canParse(target)) throw badTarget('This is no URL.');
  const { protocol, hostname, port, pathname, hash, search, username, password } = new URL(target);
  // A plus sign is itself: people have it in their addresses.
  const searchParams = new URLSearchParams(search.replaceAll('+', '%2B'));
  if (protocol !== 'smtp:' && protocol !== 'smtps:')
    throw badTarget(`${protocol}// is neither a file nor an SMTP server.`);
  if (hostname === '') throw badTarget('The host is missing.');
  if (!['', '/'].includes(pathname) || hash !== '') throw badTarget('There is something behind the host.');
  if ((username === '') !== (password === '')) throw badTarget('A user and a password go together.');
  for (const name of searchParams.keys()) {
    if (name !== 'from' && name !== 'to') throw badTarget(`There is no parameter '${name}'.`);
  }
  const secure = protocol === 'smtps:';
  const from = addresses(searchParams, 'from');
  if (from.length > 1) throw badTarget(`'from' takes one address.`);
  return {
    // Of IPv6 the brackets belong to the URL.
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 465 : 25) : Number(port),
    secure,
    auth: username === '' ? undefined : { user: decoded(username), pass: decoded(password) },
    from: from[0]!,
    to: addresses(searchParams, 'to'),
  };
}

function addresses(parameters: URLSearchParams, name: 'from' | 'to'): string[] {
  const list = parameters.getAll(name).flatMap((value) => value.split(','));
  if (list.length === 0) throw badTarget(`'${name}' is missing.`);
  if (!list.every((address) => ADDRESS.test(address))) throw badTarget(`'${name}' takes e-mail addresses.`);
  return list;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badTarget('In the user or the password, % stands before something that is no code.');
  }
}

function badTarget(what: string): InputError {
  return new InputError('E_NOTIFY', {
    what,
    where: '--notify',
    remedy: `It takes a file, or ${MAIL_FORM}.`,
  });
}
