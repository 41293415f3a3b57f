/** `lftp serve [root]` */
import { randomBytes } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import type { Security } from '../../io/security.ts';
import { AccountStore } from '../../service/accounts/account-store.ts';
import { Penalties } from '../../service/accounts/penalties.ts';
import { EXIT } from '../../service/error.ts';
import type { LftpError } from '../../service/error.ts';
import { displayText } from '../../service/display.ts';
import { serverDataFolder } from '../../service/identity/data-folders.ts';
import { fingerprintOf } from '../../service/identity/keys.ts';
import {
  openHostKey,
  readNextHostKey,
  readOldHostKey,
} from '../../service/identity/secret-key-store.ts';
import { SESSION_IDLE_MS } from '../../service/limits.ts';
import { AttachTokens } from '../../service/login/attach-tokens.ts';
import { Logins } from '../../service/login/logins.ts';
import { FileServer } from '../../service/server.ts';
import { hostAndPort } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import type { Flags } from '../flag-values.ts';
import { openLog } from '../log-file.ts';
import type { Output } from '../output.ts';
import { isAnyHost, reachableHosts } from '../reachable.ts';
import { formatDuration } from '../units.ts';
import { UsageError } from '../usage-error.ts';
import { programVersion } from '../version.ts';

/** Asks for the counters in the log. Not SIGUSR1: by that Node opens its debugger. */
const COUNTERS_SIGNAL = 'SIGUSR2';

export async function serve(context: CommandContext): Promise<number> {
  const { operands, flags, output, interrupts } = context;
  const root = operands[0] ?? '.';
  const onFault = (error: LftpError): void => output.logFault(error);
  const log = await openLog(flags.logFile, logLevel(flags), onFault);
  const door = await openDoor(flags);
  try {
    const server = await FileServer.start({
      root,
      security: door.security,
      logins: door.logins,
      nextKeys: door.nextKeys,
      retiredKeys: door.retiredKeys,
      host: flags.host,
      port: flags.port,
      maxClients: flags.maxClients,
      maxClientsPerSource: flags.maxClientsPerSource,
      maxPatienceMs: flags.maxPatienceMs,
      config: {
        idleMs: flags.idleMs ?? SESSION_IDLE_MS,
        ...(flags.cc === undefined ? {} : { controller: flags.cc }),
      },
      log,
      version: programVersion(),
    });
    announce(output, flags, await realpath(root), door, server.address);
    const { fingerprint, logins } = door;
    log.info({ ...server.address, fingerprint, anonymous: logins.anonymous }, 'listening');
    const onAsked = (): void => server.logCounters();
    process.on(COUNTERS_SIGNAL, onAsked);
    await untilAborted(interrupts.signal);
    process.off(COUNTERS_SIGNAL, onAsked);
    await server.stop();
  } finally {
    door.accounts?.close();
  }
  log.info({ reason: interrupts.reason?.message }, 'stopped');
  return interrupts.reason?.code ?? EXIT.OK;
}

/** Who the server is, and whom it lets in. */
interface Door {
  readonly security: Security;
  readonly fingerprint: string | null;
  readonly nextKeys: readonly Uint8Array[];
  readonly retiredKeys: readonly Uint8Array[];
  readonly accounts: AccountStore | undefined;
  readonly logins: Logins;
}

/** @throws LftpError 11, 14, 21; UsageError */
async function openDoor(flags: Flags): Promise<Door> {
  const { anonymous, insecure, cookie } = flags;
  const common = {
    anonymous,
    penalties: new Penalties(),
    tokens: new AttachTokens(),
    nowMs: () => performance.now(),
    randomBytes: (count: number) => new Uint8Array(randomBytes(count)),
  };
  if (insecure) {
    if (cookie === 'always') {
      throw new UsageError('with --insecure there are no cookies', 'Leave out one of the two.');
    }
    if (anonymous === 'off') {
      throw new UsageError(
        'with --insecure nobody can log in, and --anonymous=off keeps out the rest',
        'Leave out one of the two.',
      );
    }
    const logins = new Logins({ ...common, accounts: undefined });
    const security = { kind: 'insecure' } as const;
    const keys = { nextKeys: [], retiredKeys: [] };
    return { security, fingerprint: null, ...keys, accounts: undefined, logins };
  }
  const folder = flags.data ?? serverDataFolder(process.env);
  const { secret, publicKey } = await openHostKey(folder);
  const next = await readNextHostKey(folder);
  const old = await readOldHostKey(folder);
  // Their secrets are of no use here.
  for (const pair of [next, old]) pair?.secret.fill(0);
  const accounts = await AccountStore.open(folder);
  return {
    security: { kind: 'sealed', secret, cookieDemand: cookie },
    fingerprint: fingerprintOf(publicKey),
    nextKeys: next === undefined ? [] : [next.publicKey],
    retiredKeys: old === undefined ? [] : [old.publicKey],
    accounts,
    logins: new Logins({ ...common, accounts }),
  };
}

/** What is shared, with whom, where, and who the server is. */
function announce(
  output: Output,
  flags: Flags,
  root: string,
  { fingerprint, logins, accounts }: Door,
  { host, port, fragments, trains, bufferAdvice }: FileServer['address'],
): void {
  const pin = fingerprint === null ? '' : `;fp=${fingerprint}`;
  const addressOf = (entry: string): string => `lftp://${hostAndPort(entry, port)}/${pin}`;
  const addresses = reachableHosts(host).map(addressOf);
  const address = addresses[0] ?? addressOf(host);
  output.event('listening', { host, port, fingerprint, address, addresses });
  output.say(`${RIGHTS[logins.anonymous]} ${displayText(root)}`);
  const count = accounts?.count ?? 0;
  if (count > 0) output.say(`${count} account${count === 1 ? '' : 's'} may log in.`);
  if (fingerprint === null) {
    output.say('INSECURE: nothing is sealed, and everybody on the way can read and change it.');
  } else output.say(`The host key is ${fingerprint}`);
  output.say(`Listening on UDP port ${port} of ${isAnyHost(host) ? 'every address' : host}:`);
  for (const entry of addresses) output.say(`  ${entry}`);
  output.detail(`at most ${flags.maxClients} clients`);
  output.detail(`fragments ${fragments}, datagrams ${trains}`);
  if (bufferAdvice !== undefined) output.detail(`for larger buffers: ${bufferAdvice}`);
  if (flags.maxPatienceMs !== undefined) {
    output.detail(`patience granted: ${formatDuration(flags.maxPatienceMs)}`);
  }
}

const RIGHTS = {
  off: 'Nobody without an account may come to',
  ro: 'Everybody who reaches this port may read, and without an account not write, in',
  rw: 'Everybody who reaches this port may read and write in',
  drop: 'Everybody who reaches this port may read, and drop files into incoming/, in',
} as const;

function logLevel(flags: Flags): string {
  if (flags.quiet) return 'error';
  return flags.verbose > 0 ? 'debug' : 'info';
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
}
