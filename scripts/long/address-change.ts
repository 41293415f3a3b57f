/** A client whose port and address change every second, through a real relay (P-MOVE). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { keepResult } from '../attacks/result.ts';
import { doneEvent, runClient, startServer } from '../lab/lftp.ts';
import type { Host } from '../lab/session.ts';
import { filesEqual, withFolder, writeRandomFile } from '../rows/row.ts';

export const about = '--bytes 90000000 --overlap-ms 200 [--write]: another address every second';

const LINK = ['--rate-mbit', '40', '--delay-ms', '20'];
const EVERY_MS = 1_000;
const LEAST_MOVES = 15;
const LEAST_SHARE = 0.8;
const OPERATIONS = ['get', 'post'] as const;

/** This machine, as if it were a host of the lab. */
const HERE: Host = {
  address: '127.0.0.1',
  address6: '::1',
  start: (command, args, environment = {}) =>
    spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    }),
};

interface Measured {
  readonly mbps: number;
  readonly seconds: number;
  readonly resentShare: number;
  /** As the server counted. */
  readonly moves: number;
  readonly isEqual: boolean;
}

/** The relay in a process of its own, for as long as `work` takes; `work` gets its port. */
async function withRelay<T>(
  targetPort: number,
  flags: readonly string[],
  work: (port: number) => Promise<T>,
): Promise<T> {
  const target = ['--target-port', String(targetPort)];
  const args = ['dist/scripts/relay.js', ...target, ...LINK, ...flags];
  const relay = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(relay, 'exit');
  const [line] = (await once(createInterface(relay.stdout), 'line')) as [string];
  try {
    return await work((JSON.parse(line) as { readonly port: number }).port);
  } finally {
    relay.stdin.end();
    await ended;
  }
}

/** How often its clients moved, from the last lines of a server's log. */
function movesIn(logFile: string): number {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line) as { msg: string; moves?: number });
  return records.find(({ msg }) => msg === 'counted')?.moves ?? NaN;
}

interface Plan {
  readonly operation: 'get' | 'post';
  readonly sizeBytes: number;
  /** None: the client stays where it is. */
  readonly wandering: readonly string[];
}

/** One transfer by the built program in a folder that is new. */
async function transfer(folder: string, plan: Plan): Promise<Measured> {
  const { operation, sizeBytes, wandering } = plan;
  const remote = join(folder, 'server', 'file');
  const local = join(folder, 'client', 'file');
  for (const path of [remote, local]) mkdirSync(dirname(path));
  writeRandomFile(operation === 'get' ? remote : local, sizeBytes);
  const logFile = join(folder, 'log');
  const server = await startServer(HERE, dirname(remote), ['--log-file', logFile]);
  const run = await withRelay(server.port, wandering, async (port) => {
    const url = server.url('file').replace(`:${server.port}/`, `:${port}/`);
    return await runClient(HERE, [
      operation,
      ...(operation === 'get' ? [url, local] : [local, url]),
    ]);
  });
  await server.stop();
  const { goodputMbps, seconds, retransmittedShare } = doneEvent(run);
  return {
    mbps: goodputMbps,
    seconds,
    resentShare: retransmittedShare,
    moves: movesIn(logFile),
    isEqual: filesEqual(remote, local),
  };
}

function lineOf(what: string, { mbps, seconds, resentShare, moves, isEqual }: Measured): string {
  const resent = `${(100 * resentShare).toFixed(2)} % resent`;
  const moved = `${moves} moves counted by the server`;
  const equal = isEqual ? 'files equal' : 'FILES DIFFER';
  const rate = `${mbps.toFixed(1)} Mbit/s in ${seconds.toFixed(1)} s`;
  return `${what.padEnd(18)} ${rate}, ${resent}, ${moved}, ${equal}`;
}

/** One operation without and with moves: what was measured, and whether that is enough. */
async function compare(
  operation: 'get' | 'post',
  sizeBytes: number,
  overlapMs: string,
): Promise<{ lines: string[]; isMet: boolean }> {
  const moving = ['--move-every-ms', String(EVERY_MS), '--overlap-ms', overlapMs];
  const still = await withFolder((folder) =>
    transfer(folder, { operation, sizeBytes, wandering: [] }),
  );
  const moved = await withFolder((folder) =>
    transfer(folder, { operation, sizeBytes, wandering: moving }),
  );
  const share = moved.mbps / still.mbps;
  const isMet =
    share >= LEAST_SHARE && moved.moves >= LEAST_MOVES && still.isEqual && moved.isEqual;
  return {
    isMet,
    lines: [
      lineOf(`${operation}, at one place`, still),
      lineOf(`${operation}, wandering`, moved),
      `${operation}: ${share.toFixed(3)} of the undisturbed run, at least ${LEAST_SHARE}, and at ` +
        `least ${LEAST_MOVES} moves: ${isMet ? 'met' : 'NOT MET'}`,
    ],
  };
}

export async function run(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bytes: { type: 'string', default: '90000000' },
      'overlap-ms': { type: 'string', default: '200' },
      write: { type: 'boolean', default: false },
    },
  });
  const { bytes, 'overlap-ms': overlapMs } = values;
  const lines: string[] = [];
  let isMet = true;
  for (const operation of OPERATIONS) {
    const one = await compare(operation, Number(bytes), overlapMs);
    isMet &&= one.isMet;
    lines.push(...one.lines);
    for (const line of one.lines) console.log(line);
  }
  const command = `npm run long -- address-change --bytes ${bytes} --overlap-ms ${overlapMs}`;
  if (values.write) keepResult('address-change', command, lines);
  return isMet;
}
