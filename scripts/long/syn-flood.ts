/** A flood of SYNs from many sources at a server that serves a transfer meanwhile. */
import { parseArgs } from 'node:util';
import { connect } from '../../src/io/connect.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { Attacker, forgeSyn } from '../../test/attacks/attacker.ts';
import { Asked } from '../attacks/process.ts';
import type { ClientReport, ServerReport } from '../attacks/protocol.ts';
import { keepResult } from '../attacks/result.ts';

export const about = '--count 100000 --rate 10000 --sources 1000 [--write]: SYNs from many sources';

const HOST = '127.0.0.1';
/** 50 Mbit/s. */
const BYTES_PER_MS = 6_250;
const QUIET_MS = 4_000;
/** Of the flood, once before it is measured. */
const WARMING_SHARE = 0.2;
/** By then the half-open entries of the warming flood have timed out. */
const HALF_OPEN_MS = 35_000;
const NEWCOMERS = 3;
const MOST_NEWCOMER_MS = 3_000;
const LEAST_SHARE = 0.5;
const MOST_GROWTH_MIB = 16;
const MIB = 1_048_576;

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Mbit/s that `client` gets while `work` runs. */
async function rateDuring(client: Asked<ClientReport>, work: Promise<unknown>): Promise<number> {
  const before = await client.report();
  await work;
  const after = await client.report();
  return ((after.bytes - before.bytes) * 8) / (after.atMs - before.atMs) / 1_000;
}

/** How long a new client takes to its first byte of file; ms. */
async function newcomerMs(port: number): Promise<number> {
  const startMs = performance.now();
  const link = await connect({ host: HOST, port });
  const run = await link.channel.nextRun(1);
  const tookMs = performance.now() - startMs;
  if (run !== undefined) link.channel.releaseRun(run);
  link.channel.abort(64);
  await link.channel.linger();
  link.close();
  return tookMs;
}

async function newcomers(port: number, everyMs: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < NEWCOMERS; i += 1) {
    await pause(everyMs);
    times.push(await newcomerMs(port));
  }
  return times;
}

interface Flood {
  readonly count: number;
  readonly rate: number;
  readonly sources: number;
}

/** One line for each promise: what was measured, what is asked, and whether it is met. */
async function measure(flood: Flood): Promise<{ lines: string[]; isMet: boolean }> {
  const server = await Asked.start<ServerReport>('./server.js', [String(BYTES_PER_MS)]);
  const { port } = await server.report();
  const client = await Asked.start<ClientReport>('./client.js', [String(port)]);
  const attacker = await Attacker.open({ address: HOST, port }, flood.sources);
  await pause(QUIET_MS);
  const cold = await server.report();
  // A busy V8 keeps a larger young generation, whatever makes it busy: what a flood adds beyond
  // that is what it makes the server hold.
  const random = new SeededRandom(1);
  const make = (): Uint8Array => forgeSyn(random);
  await attacker.flood(flood.count * WARMING_SHARE, flood.rate, make);
  const warmed = await server.report();
  await pause(HALF_OPEN_MS);
  const quietMbps = await rateDuring(client, pause(QUIET_MS));
  const before = await server.report();
  const startMs = performance.now();
  const flooding = attacker.flood(flood.count, flood.rate, make);
  const arriving = newcomers(port, (1_000 * flood.count) / flood.rate / (NEWCOMERS + 1));
  const floodMbps = await rateDuring(client, flooding);
  const seconds = (performance.now() - startMs) / 1_000;
  const times = await arriving;
  const after = await server.report();
  const [bytesIn, bytesOut] = [attacker.bytesSent, attacker.bytesGot];
  await attacker.close();
  await client.stop();
  await server.stop();
  const growthMib = (after.peakRssBytes - warmed.peakRssBytes) / MIB;
  const coldMib = (warmed.peakRssBytes - cold.rssBytes) / MIB;
  const slowestMs = Math.max(...times);
  const heard = after.datagramsReceived - before.datagramsReceived;
  const isMet = [
    growthMib <= MOST_GROWTH_MIB,
    floodMbps >= LEAST_SHARE * quietMbps,
    slowestMs <= MOST_NEWCOMER_MS,
    !attacker.isAmplified,
  ];
  const said = (index: number): string => (isMet[index] === true ? 'met' : 'NOT MET');
  const heapMib = (after.heapUsedBytes - before.heapUsedBytes) / MIB;
  const { halfOpen } = after;
  const cookiesAsked = after.cookiesAsked - before.cookiesAsked;
  const cookiesTaken = after.cookiesTaken - before.cookiesTaken;
  return {
    isMet: isMet.every((met) => met),
    lines: [
      `${flood.count} SYNs in ${seconds.toFixed(1)} s from ${flood.sources} sources`,
      `server heard ${heard} datagrams, asked for ${cookiesAsked} cookies, took ${cookiesTaken}`,
      `half-open at the end: ${halfOpen}`,
      `memory: a warming flood of a fifth added ${coldMib.toFixed(1)} MiB to a quiet server`,
      `memory: +${growthMib.toFixed(1)} MiB at the peak, at most ${MOST_GROWTH_MIB}: ${said(0)}`,
      `used heap: ${heapMib.toFixed(1)} MiB more after the flood than before it`,
      `transfer: ${quietMbps.toFixed(1)} Mbit/s quiet, ${floodMbps.toFixed(1)} flooded: ${said(1)}`,
      `new clients: ${times.map((ms) => ms.toFixed(0)).join(', ')} ms, at most 3000: ${said(2)}`,
      `bytes out ${bytesOut}, in ${bytesIn}; never more out than in for any source: ${said(3)}`,
    ],
  };
}

export async function run(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: 'string', default: '100000' },
      rate: { type: 'string', default: '10000' },
      sources: { type: 'string', default: '1000' },
      write: { type: 'boolean', default: false },
    },
  });
  const [count, rate, sources] = [values.count, values.rate, values.sources].map(Number);
  const { lines, isMet } = await measure({ count: count!, rate: rate!, sources: sources! });
  for (const line of lines) console.log(line);
  const command = `npm run long -- syn-flood --count ${count} --rate ${rate} --sources ${sources}`;
  if (values.write) keepResult('syn-flood', command, lines);
  return isMet;
}
