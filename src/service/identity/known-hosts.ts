/**
 * The text of a `known_hosts`, one line a key:
 *
 *   HOST[:PORT] lftp-x25519 BASE64URL [comment]
 *   HOST[:PORT] fp SHA256:…            the key is learnt at the first contact
 *
 * HOST is in small letters, IPv6 in brackets; the port is left out when it is 10000. A host may
 * have several lines: any of its keys is right. A line that cannot be read is told with its number
 * and spoils no other, except that its own host is not taken for an unknown one.
 */
import { isIPv6 } from 'node:net';
import { formatKeyLine, parseFingerprint, parseKeyLine } from '../../crypto/fingerprint.ts';
import { DEFAULT_PORT } from '../default-port.ts';
import { fingerprintOf } from './keys.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface KnownHost {
  /** As in the file: `host`, `host:2001`, `[::1]`. */
  readonly name: string;
  /** Number of the line, from 1. */
  readonly line: number;
  /** Undefined while only the fingerprint is known. */
  readonly publicKey: Uint8Array | undefined;
  readonly fingerprint: string;
}

export interface KnownHostFault {
  /** The host that the line is about, if that much can be read. */
  readonly name: string | undefined;
  readonly line: number;
  readonly what: string;
}

export interface KnownHosts {
  readonly hosts: readonly KnownHost[];
  readonly faults: readonly KnownHostFault[];
}

export type Lookup =
  /** `isLearnt`: false when only the fingerprint stands in the file. */
  | { readonly kind: 'known'; readonly line: number; readonly isLearnt: boolean }
  | { readonly kind: 'unknown' }
  /** Other keys are known for the host; `line` is the first of them. */
  | { readonly kind: 'changed'; readonly line: number; readonly fingerprints: readonly string[] }
  /** The only lines about the host cannot be read: nobody may take it for unknown. */
  | { readonly kind: 'unreadable'; readonly line: number; readonly what: string };

/** How a host is named in the file, whatever way it was typed. */
export function hostName({ host, port }: HostPort): string {
  const small = host.toLowerCase();
  // Node's first look at an address of version 6 takes 3 ms of a `get` that may take 100.
  const name = small.includes(':') && isIPv6(small) ? `[${shortIpv6(small)}]` : small;
  return port === DEFAULT_PORT ? name : `${name}:${port}`;
}

export function parseKnownHosts(text: string): KnownHosts {
  const hosts: KnownHost[] = [];
  const faults: KnownHostFault[] = [];
  text.split('\n').forEach((row, index) => {
    const line = index + 1;
    const words = row.trim().split(/\s+/);
    const [first = ''] = words;
    if (first === '' || first.startsWith('#')) return;
    const name = readName(first);
    const entry = name === undefined ? undefined : readEntry(words.slice(1));
    if (name === undefined) {
      faults.push({ name, line, what: 'it does not start with a host' });
    } else if (entry === undefined) {
      faults.push({ name, line, what: 'no key and no fingerprint stands behind the host' });
    } else hosts.push({ name, line, ...entry });
  });
  return { hosts, faults };
}

/** What is known about the key that a host showed. */
export function lookUpHost(known: KnownHosts, where: HostPort, publicKey: Uint8Array): Lookup {
  const name = hostName(where);
  const fingerprint = fingerprintOf(publicKey);
  const entries = known.hosts.filter((entry) => entry.name === name);
  const matches = entries.filter((entry) => entry.fingerprint === fingerprint);
  const match = matches.find((entry) => entry.publicKey !== undefined) ?? matches[0];
  if (match !== undefined) {
    return { kind: 'known', line: match.line, isLearnt: match.publicKey !== undefined };
  }
  const [other] = entries;
  if (other !== undefined) {
    const fingerprints = entries.map((entry) => entry.fingerprint);
    return { kind: 'changed', line: other.line, fingerprints };
  }
  const fault = known.faults.find((entry) => entry.name === name);
  if (fault === undefined) return { kind: 'unknown' };
  return { kind: 'unreadable', line: fault.line, what: fault.what };
}

/** The text with one more key; lines that held only its fingerprint give way to it. */
export function withKey(text: string, where: HostPort, publicKey: Uint8Array): string {
  const name = hostName(where);
  const fingerprint = fingerprintOf(publicKey);
  const entries = parseKnownHosts(text).hosts.filter(
    (entry) => entry.name === name && entry.fingerprint === fingerprint,
  );
  if (entries.some((entry) => entry.publicKey !== undefined)) return text;
  const line = `${name} ${formatKeyLine(publicKey)}`;
  const [first, ...more] = entries;
  if (first === undefined) return withLine(text, line);
  const rows = text.split('\n');
  rows[first.line - 1] = line;
  return withoutLines(rows.join('\n'), new Set(more.map((entry) => entry.line)));
}

/** The text with one more fingerprint, unless it is there or its key is. */
export function withFingerprint(text: string, where: HostPort, fingerprint: string): string {
  const name = hostName(where);
  const isThere = parseKnownHosts(text).hosts.some(
    (entry) => entry.name === name && entry.fingerprint === fingerprint,
  );
  return isThere ? text : withLine(text, `${name} fp ${fingerprint}`);
}

/** The text without a host's lines, unreadable ones included, and their numbers. */
export function withoutHost(
  text: string,
  where: HostPort,
): { readonly text: string; readonly lines: readonly number[] } {
  const name = hostName(where);
  const { hosts, faults } = parseKnownHosts(text);
  const lines = [...hosts, ...faults]
    .filter((entry) => entry.name === name)
    .map((entry) => entry.line)
    .sort((a, b) => a - b);
  return { text: withoutLines(text, new Set(lines)), lines };
}

/**
 * The text without those keys of a host that `shown` came after: lines are in the order in which
 * keys were learnt, and a key that was stolen must not take out the one that replaced it.
 * @param fingerprints of the keys that are not the host's any more
 */
export function withoutRetired(
  text: string,
  where: HostPort,
  shown: string,
  fingerprints: readonly string[],
): string {
  const name = hostName(where);
  const entries = parseKnownHosts(text).hosts.filter((entry) => entry.name === name);
  const own = entries.find((entry) => entry.fingerprint === shown);
  if (own === undefined) return text;
  const retired = entries.filter(
    ({ line, fingerprint }) => line < own.line && fingerprints.includes(fingerprint),
  );
  return withoutLines(text, new Set(retired.map((entry) => entry.line)));
}

function withLine(text: string, line: string): string {
  const isOpen = text !== '' && !text.endsWith('\n');
  return `${text}${isOpen ? '\n' : ''}${line}\n`;
}

function withoutLines(text: string, lines: ReadonlySet<number>): string {
  return text
    .split('\n')
    .filter((_, index) => !lines.has(index + 1))
    .join('\n');
}

function readName(word: string): string | undefined {
  const match = /^(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^\s:[\]]+)(?::(\d{1,5}))?$/i.exec(word);
  const [, host = '', port = String(DEFAULT_PORT)] = match ?? [];
  const isPort = Number(port) > 0 && Number(port) <= 65_535;
  if (match === null || !isPort) return undefined;
  return hostName({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
}

function readEntry(
  words: readonly string[],
): Pick<KnownHost, 'publicKey' | 'fingerprint'> | undefined {
  const [type = '', value = ''] = words;
  if (type === 'fp') {
    const digest = parseFingerprint(value);
    return digest && { publicKey: undefined, fingerprint: value };
  }
  const publicKey = parseKeyLine(`${type} ${value}`)?.publicKey;
  return publicKey && { publicKey, fingerprint: fingerprintOf(publicKey) };
}

/** One spelling of all that mean the same address (RFC 5952), the zone kept apart. */
function shortIpv6(address: string): string {
  const [plain = '', zone] = address.split('%');
  const short = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  return zone === undefined ? short : `${short}%${zone}`;
}
