/**
 * Addresses as people type them.
 *
 *   lftp://[user@]host[:port]/path[;fp=F]      percent-encoded
 *   [user@]host[:port][:path][;fp=F]           as it is
 *
 * Parsed here and not by `URL`, which would resolve `..` out of sight: a path goes to the server
 * as it was typed, and the server refuses what it must.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { parseFingerprint } from '../crypto/fingerprint.ts';
import { accountNameFault, ANONYMOUS } from '../service/accounts/account-name.ts';
import { DEFAULT_PORT } from '../service/default-port.ts';
import { displayText } from '../service/display.ts';
import type { RemotePath } from '../service/path.ts';
import { UsageError } from './usage-error.ts';

const SCHEME = 'lftp://';

export interface Address {
  /** Name or literal address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** The account to log in to; `anonymous` says that none is wanted. */
  readonly user: string | undefined;
  /** The host key must have this fingerprint, whatever else is known about the host. */
  readonly fingerprint: string | undefined;
  readonly path: RemotePath;
  /** The path ended in a slash, or there was none: it names a folder. */
  readonly isFolder: boolean;
}

/** @throws UsageError 2 */
export function parseAddress(text: string): Address {
  if (text === '') throw bad(text, 'it is empty');
  if (text.toLowerCase().startsWith(SCHEME)) return parseUrl(text);
  const foreign = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (foreign !== undefined) throw bad(text, `${foreign}:// is not lftp://`);
  return parsePlain(text);
}

/** A remote path as typed without a host: `/a/b`, `a/b`, `./a`, `folder/`. */
export function parsePath(text: string): Pick<Address, 'path' | 'isFolder'> {
  return asPath(text.split('/'));
}

/** @throws UsageError when `text` is neither a name nor an address of a host */
export function parseHost(text: string): string {
  // Only digits and dots: somebody means an IPv4 address, and names of that form do not exist.
  if (/^[\d.]+$/.test(text) && !isIPv4(text)) throw bad(text, 'it is no IPv4 address');
  if (text.includes(':') && isIPv6(text)) return text;
  const { user, host, tail } = splitHost(text, text);
  if (tail === '' && user === undefined) return host;
  throw bad(text, 'a host stands alone here');
}

/** `host:port` as it can be pasted, IPv6 in brackets. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** @throws UsageError when `text` is no UDP port; `least` is 0 where the system may choose */
export function parsePort(text: string, least = 1): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port >= least && port <= 65_535) return port;
  throw new UsageError(`the port ${quote(text)} is not a number from ${least} to 65535`);
}

function parseUrl(text: string): Address {
  const { rest, fingerprint } = cutFingerprint(text, text.slice(SCHEME.length));
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const { user, host, tail } = splitHost(text, authority);
  if (tail !== '' && !tail.startsWith(':')) throw bad(text, 'nothing but a port follows the host');
  const port = tail === '' ? DEFAULT_PORT : parsePort(tail.slice(1));
  const path = slash < 0 ? '' : rest.slice(slash + 1);
  const components = path.split('/').map((part) => decodePart(text, part));
  return { host, port, user, fingerprint, ...asPath(components) };
}

function parsePlain(text: string): Address {
  const { rest, fingerprint } = cutFingerprint(text, text);
  const { user, host, tail } = splitHost(text, rest);
  if (tail === '') {
    return { host, port: DEFAULT_PORT, user, fingerprint, path: [], isFolder: true };
  }
  if (!tail.startsWith(':')) throw bad(text, 'after the host comes a colon, then port or path');
  const digits = /^:(\d+)(?::(.*))?$/s.exec(tail);
  const port = digits?.[1] === undefined ? DEFAULT_PORT : parsePort(digits[1]);
  const typed = digits === null ? tail.slice(1) : (digits[2] ?? '');
  return { host, port, user, fingerprint, ...asPath(typed.split('/')) };
}

interface Authority {
  readonly user: string | undefined;
  readonly host: string;
  readonly tail: string;
}

/** The host at the start of `authority`, and what follows it. */
function splitHost(text: string, authority: string): Authority {
  const { user, rest } = cutUser(text, authority);
  if (rest.startsWith('[')) {
    const end = rest.indexOf(']');
    const host = rest.slice(1, Math.max(end, 1));
    if (!/^[0-9a-f:.]*:[0-9a-f:.]*(?:%[\w.-]+)?$/i.test(host)) {
      throw bad(text, 'between [ and ] stands an IPv6 address');
    }
    return { user, host, tail: rest.slice(end + 1) };
  }
  const colon = rest.indexOf(':');
  const host = colon < 0 ? rest : rest.slice(0, colon);
  if (host === '') {
    const isIpv6 = /^[0-9a-f]*:[0-9a-f:.]+$/i.test(rest);
    throw bad(text, isIpv6 ? 'an IPv6 address stands in [ and ]' : 'there is no host');
  }
  if (!/^[^\s/\\@[\]?#%;\p{C}]+$/u.test(host) || host.length > 253 || host.startsWith('-')) {
    throw bad(text, `${quote(host)} is no host name`);
  }
  return { user, host, tail: colon < 0 ? '' : rest.slice(colon) };
}

function cutUser(text: string, authority: string): { user: string | undefined; rest: string } {
  const match = /^([^@/:[\]]*)(:[^@/]*)?@(.*)$/s.exec(authority);
  if (match === null) return { user: undefined, rest: authority };
  const [, user = '', password, rest = ''] = match;
  if (password !== undefined) throw bad('…', 'a password never belongs into an address');
  const fault = user === ANONYMOUS ? undefined : accountNameFault(user);
  if (fault === undefined) return { user, rest };
  throw bad(text, `no account can be called ${quote(user)}: ${fault}`);
}

/** A leading slash means the served folder, `./` likewise; a trailing one says "folder". */
function asPath(parts: readonly string[]): { path: RemotePath; isFolder: boolean } {
  const path = [...parts];
  if (path.length > 1 && (path[0] === '' || path[0] === '.')) path.shift();
  const isFolder = path.at(-1) === '';
  if (isFolder) path.pop();
  return { path, isFolder };
}

function decodePart(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw bad(text, `${quote(part)} is not percent-encoded UTF-8`);
  }
}

/**
 * Also behind a plain address, where a name could end like that: a pin that somebody believes in
 * and that is taken for a part of a name would be worse than none.
 */
function cutFingerprint(
  text: string,
  rest: string,
): { rest: string; fingerprint: string | undefined } {
  const match = /^(.*?);fp=([^/]*)$/is.exec(rest);
  if (match === null) return { rest, fingerprint: undefined };
  const [, before = '', fingerprint = ''] = match;
  if (parseFingerprint(fingerprint) !== undefined) return { rest: before, fingerprint };
  throw bad(text, 'behind ;fp= stands a fingerprint such as SHA256: and 43 letters');
}

function bad(text: string, reason: string): UsageError {
  return new UsageError(
    `bad address ${quote(text)}: ${reason}`,
    'Write lftp://host:port/path or host:port:path.',
  );
}

function quote(text: string): string {
  return `"${displayText(text, 200)}"`;
}
