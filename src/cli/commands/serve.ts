/** `lftp serve [root]` */
import { realpath } from 'node:fs/promises';
import { EXIT } from '../../service/error.ts';
import type { LftpError } from '../../service/error.ts';
import { displayText } from '../../service/display.ts';
import { SESSION_IDLE_MS } from '../../service/limits.ts';
import { FileServer } from '../../service/server.ts';
import { hostAndPort } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import type { Flags } from '../flag-values.ts';
import { openLog } from '../log-file.ts';
import type { Output } from '../output.ts';
import { isAnyHost, reachableHosts } from '../reachable.ts';
import { formatDuration } from '../units.ts';
import { programVersion } from '../version.ts';

export async function serve(context: CommandContext): Promise<number> {
  const { operands, flags, output, interrupts } = context;
  const root = operands[0] ?? '.';
  const onFault = (error: LftpError): void => output.logFault(error);
  const log = await openLog(flags.logFile, logLevel(flags), onFault);
  const server = await FileServer.start({
    root,
    access: flags.anonymous,
    host: flags.host,
    port: flags.port,
    maxClients: flags.maxClients,
    maxPatienceMs: flags.maxPatienceMs,
    config: {
      idleMs: SESSION_IDLE_MS,
      ...(flags.cc === undefined ? {} : { controller: flags.cc }),
    },
    log,
    version: programVersion(),
  });
  announce(output, flags, await realpath(root), server.address);
  log.info({ ...server.address, access: flags.anonymous }, 'listening');
  await untilAborted(interrupts.signal);
  await server.stop();
  log.info({ reason: interrupts.reason?.message }, 'stopped');
  return interrupts.reason?.code ?? EXIT.OK;
}

/** What is shared, with whom, where, and what it is not. */
function announce(
  output: Output,
  flags: Flags,
  root: string,
  { host, port }: { readonly host: string; readonly port: number },
): void {
  const addresses = reachableHosts(host).map((entry) => `lftp://${hostAndPort(entry, port)}/`);
  const address = addresses[0] ?? `lftp://${hostAndPort(host, port)}/`;
  output.event('listening', { host, port, fingerprint: null, address, addresses });
  const right = flags.anonymous === 'rw' ? 'read and write' : 'read, and nobody write,';
  output.say(`Everybody who reaches this port may ${right} in ${displayText(root)}`);
  output.say('Not private yet: nothing is encrypted, and whoever is on the path can change it.');
  output.say(`Listening on UDP port ${port} of ${isAnyHost(host) ? 'every address' : host}:`);
  for (const entry of addresses) output.say(`  ${entry}`);
  output.detail(`at most ${flags.maxClients} clients`);
  if (flags.maxPatienceMs !== undefined) {
    output.detail(`patience granted: ${formatDuration(flags.maxPatienceMs)}`);
  }
}

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
