/** `lftp hostkey show | trust | forget`: who a server is, and which servers are believed. */
import { isIPv6 } from 'node:net';
import { formatKeyLine } from '../../crypto/fingerprint.ts';
import { displayText } from '../../service/display.ts';
import { EXIT, LftpError } from '../../service/error.ts';
import { defaultKnownHostsFile, serverDataFolder } from '../../service/identity/data-folders.ts';
import { fingerprintOf } from '../../service/identity/keys.ts';
import {
  addKnownFingerprint,
  forgetKnownHost,
  readKnownHosts,
} from '../../service/identity/known-hosts-store.ts';
import { hostName } from '../../service/identity/known-hosts.ts';
import type { HostPort, KnownHosts } from '../../service/identity/known-hosts.ts';
import {
  createNextHostKey,
  hostKeyFile,
  readHostKey,
  rotateHostKey,
} from '../../service/identity/secret-key-store.ts';
import { DEFAULT_PORT } from '../../service/default-port.ts';
import { hostAndPort, parseAddress } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import type { Flags } from '../flag-values.ts';
import type { Output } from '../output.ts';
import { reachableHosts } from '../reachable.ts';
import { UsageError } from '../usage-error.ts';

/** Reads and never makes: a key that no server uses must not be spread. */
export async function showHostKey({ flags, output }: CommandContext): Promise<number> {
  const folder = flags.data ?? serverDataFolder(process.env);
  const file = hostKeyFile(folder);
  const pair = await readHostKey(folder);
  if (pair === undefined) {
    throw new LftpError(EXIT.LOCAL_IO, 'local', 'there is no host key yet', {
      path: file,
      hint: 'Check --data; lftp serve makes the key at its first start.',
    });
  }
  pair.secret.fill(0);
  const fingerprint = fingerprintOf(pair.publicKey);
  const addresses = reachableHosts(flags.host ?? '::').map(
    (host) => `lftp://${hostAndPort(host, flags.port)}/;fp=${fingerprint}`,
  );
  const address = addresses[0] ?? null;
  const key = formatKeyLine(pair.publicKey);
  output.event('hostkey', { file, fingerprint, key, address, addresses });
  if (!output.options.json) output.show([fingerprint, ...addresses].join('\n'));
  return EXIT.OK;
}

/** Makes the key that the server will have; it announces it from its next start on. */
export async function makeNextHostKey({ flags, output }: CommandContext): Promise<number> {
  const folder = flags.data ?? serverDataFolder(process.env);
  const fingerprint = fingerprintOf(await createNextHostKey(folder));
  output.event('hostkey', { change: 'next', fingerprint });
  output.say('The next host key is there. The server announces it from its next start on:');
  output.show(fingerprint);
  output.say('When most clients have been here since: lftp hostkey rotate');
  return EXIT.OK;
}

/** The announced key becomes the key. */
export async function rotateToNextHostKey({ flags, output }: CommandContext): Promise<number> {
  const folder = flags.data ?? serverDataFolder(process.env);
  const fingerprint = fingerprintOf(await rotateHostKey(folder));
  output.event('hostkey', { change: 'rotated', fingerprint });
  output.say('From its next start on the server has this host key:');
  output.show(fingerprint);
  return EXIT.OK;
}

/** Trusts a fingerprint that somebody got on another way; the key follows at first contact. */
export async function trustHostKey(context: CommandContext): Promise<number> {
  const { operands, flags, output } = context;
  const { fingerprint, ...where } = parseAddress(operands[0] ?? '');
  const { host, port } = where;
  if (fingerprint === undefined) {
    throw new UsageError(
      'there is no fingerprint to trust',
      'Write it behind the address: lftp hostkey trust "HOST;fp=SHA256:…"',
    );
  }
  const file = knownHostsFile(flags);
  await tellFaults(file, output);
  await addKnownFingerprint(file, where, fingerprint, (known) =>
    refuseSecondKey(known, where, fingerprint, file),
  );
  output.event('hostkey', { change: 'trusted', file, host, port, fingerprint });
  output.say(`${hostName(where)} is trusted with ${fingerprint}`);
  return EXIT.OK;
}

export async function forgetHostKey(context: CommandContext): Promise<number> {
  const { operands, flags, output } = context;
  const where = parseHostPort(operands[0] ?? '');
  const { host, port } = where;
  const file = knownHostsFile(flags);
  await tellFaults(file, output);
  const lines = await forgetKnownHost(file, where);
  if (lines.length === 0) {
    throw new LftpError(EXIT.MISSING, 'local', `nothing is known about ${hostName(where)}`, {
      path: file,
      hint: 'Check host and port, and --known-hosts.',
    });
  }
  output.event('hostkey', { change: 'forgotten', file, host, port, lines });
  output.say(`${hostName(where)} is forgotten: ${lineNumbers(lines)} of ${displayText(file)}`);
  return EXIT.OK;
}

/** Two keys for one host would mean that a stranger may stand in for it. */
function refuseSecondKey(
  known: KnownHosts,
  where: HostPort,
  fingerprint: string,
  file: string,
): void {
  const name = hostName(where);
  const entries = known.hosts.filter((entry) => entry.name === name);
  const [first] = entries;
  if (first === undefined || entries.some((entry) => entry.fingerprint === fingerprint)) return;
  const text = `another key of ${name} is trusted: ${first.fingerprint} in line ${first.line}`;
  throw new LftpError(EXIT.HOST_KEY, 'local', text, {
    path: file,
    hint: `If you know why it changed: lftp hostkey forget ${name}`,
  });
}

/** Bad lines are told each time, since what stands in them protects nobody. */
async function tellFaults(file: string, output: Output): Promise<void> {
  const { faults } = await readKnownHosts(file);
  for (const { line, what } of faults) {
    output.say(`${displayText(file)}:${line}: this line is not used: ${what}`);
  }
}

function parseHostPort(text: string): HostPort {
  if (isIPv6(text)) return { host: text, port: DEFAULT_PORT };
  const { host, port, path } = parseAddress(text);
  if (path.length === 0) return { host, port };
  throw new UsageError(`"${displayText(text, 200)}" is more than a host and a port`);
}

function knownHostsFile(flags: Flags): string {
  return flags.knownHosts ?? defaultKnownHostsFile(process.env);
}

function lineNumbers(lines: readonly number[]): string {
  return lines.length === 1 ? `line ${lines.join()}` : `lines ${lines.join(', ')}`;
}
