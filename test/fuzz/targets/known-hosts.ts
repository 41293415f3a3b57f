/** `known_hosts` and key lines: whatever stands in a file, adding and removing keep their word. */
import { formatKeyLine, parseFingerprint, parseKeyLine } from '../../../src/crypto/fingerprint.ts';
import { fingerprintOf } from '../../../src/service/identity/keys.ts';
import {
  hostName,
  lookUpHost,
  parseKnownHosts,
  withFingerprint,
  withKey,
  withoutHost,
} from '../../../src/service/identity/known-hosts.ts';
import { bytesOf, demand, type Target, textOf } from '../target.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const PRINT = fingerprintOf(KEY);
const HOSTS = [
  { host: 'example.net', port: 10_000 },
  { host: '::1', port: 2_001 },
  { host: 'A.b', port: 1 },
] as const;

function checkEntries(text: string): void {
  const { hosts, faults } = parseKnownHosts(text);
  const rows = text.split('\n');
  for (const { name, line, publicKey, fingerprint } of hosts) {
    demand(line >= 1 && line <= rows.length, 'a line that does not exist');
    demand(/^\S+$/.test(name), 'a name with a space');
    demand(parseFingerprint(fingerprint) !== undefined, 'no fingerprint');
    if (publicKey !== undefined) demand(fingerprintOf(publicKey) === fingerprint, 'another key');
  }
  for (const { line } of faults) demand(line >= 1 && line <= rows.length, 'a fault nowhere');
  demand(hosts.length + faults.length <= rows.length, 'more entries than lines');
}

function checkChanges(text: string): void {
  for (const where of HOSTS) {
    const name = hostName(where);
    const added = withKey(text, where, KEY);
    const found = lookUpHost(parseKnownHosts(added), where, KEY);
    demand(found.kind === 'known' && found.isLearnt, 'a key was added and is not known');
    demand(withKey(added, where, KEY) === added, 'a key was added twice');
    const printed = withFingerprint(text, where, PRINT);
    demand(lookUpHost(parseKnownHosts(printed), where, KEY).kind === 'known', 'a lost print');
    const removed = withoutHost(added, where);
    const left = parseKnownHosts(removed.text);
    demand(lookUpHost(left, where, KEY).kind === 'unknown', 'a host was removed and is known');
    const others = (entries: readonly { name: string | undefined }[]): number =>
      entries.filter((entry) => entry.name !== name).length;
    const before = parseKnownHosts(text);
    demand(others(left.hosts) === others(before.hosts), 'another host got lost');
    demand(others(left.faults) === others(before.faults), 'an unreadable line got lost');
  }
}

function run(bytes: Uint8Array): void {
  const text = textOf(bytes);
  for (const line of text.split('\n')) {
    const key = parseKeyLine(line);
    if (key === undefined) continue;
    demand(key.publicKey.length === 32, 'a key of another length');
    demand(!/\p{Cc}/u.test(key.comment), 'a control character in a comment');
    demand(formatKeyLine(key.publicKey, key.comment) === line.trimEnd() || line.endsWith(' '), () =>
      JSON.stringify(line),
    );
  }
  checkEntries(text);
  checkChanges(text);
}

export const target: Target = {
  run,
  seeds: [
    `example.net ${formatKeyLine(KEY, 'mine')}\n# note\n[::1]:2001 fp ${PRINT}\n`,
    `A.B:1 ${formatKeyLine(KEY)}`,
    'example.net lftp-x25519 broken\n[fe80::1%eth0] fp x\r\n',
    formatKeyLine(KEY, 'a comment'),
  ].map(bytesOf),
  maxBytes: 400,
};
