/** Flows beside each other on one link: what each of them moved in the time that they shared. */
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { doneEvent, startClient, startServer } from '../lab/lftp.ts';
import type { LftpEvent, RunningClient } from '../lab/lftp.ts';
import type { Lab } from '../lab/session.ts';
import { megabits } from './row.ts';

/** Data goes from host B to host A, so that all flows meet in one queue. */
export interface BesidePlan {
  readonly folder: string;
  /** In `folder/server`; longer than what the link carries in the time. */
  readonly fileName: string;
  readonly seconds: number;
  readonly flags: readonly string[];
  /** How many of ours, and whether one kernel TCP with CUBIC. */
  readonly ours: number;
  readonly tcp: boolean;
  /** Who has the link for LEAD_SECONDS before the other comes and the time begins. */
  readonly first: 'ours' | 'tcp';
}

export interface Beside {
  /** Mbit/s of each of ours. */
  readonly ours: readonly number[];
  /** Mbit/s; 0 when there was none. */
  readonly tcp: number;
}

const LEAD_SECONDS = 1;
const TCP_PORT = '5300';
const PROBE = './scripts/lab/echo-probe.mjs';
const PROBE_PORT = '5400';

/** Runs the flows for the given time, then ends them. */
export async function runBeside(lab: Lab, plan: BesidePlan): Promise<Beside> {
  const { folder, fileName, seconds, flags } = plan;
  const server = await startServer(lab.b, join(folder, 'server'), flags);
  const startOurs = (): RunningClient[] =>
    Array.from({ length: plan.ours }, (_, i) => {
      const target = join(folder, 'client', `${fileName}-${i}`);
      return startClient(lab.a, ['get', server.url(fileName), target, ...flags]);
    });
  const isTcpFirst = plan.tcp && plan.first === 'tcp';
  const early = isTcpFirst ? runTcp(lab, seconds, LEAD_SECONDS) : startOurs();
  await sleep(1000 * LEAD_SECONDS);
  const fromSeconds = Date.now() / 1000;
  const clients = Array.isArray(early) ? early : startOurs();
  const tcp = Array.isArray(early) ? startTcp(lab, plan) : early;
  const tcpMegabits = await tcp;
  // One more event of each, so that the end of the time lies between two.
  await sleep(1100);
  const toSeconds = fromSeconds + seconds;
  const ours = clients.map((client) => {
    const moved = bytesAt(client.events, toSeconds) - bytesAt(client.events, fromSeconds);
    return megabits(moved, seconds);
  });
  await end(clients);
  await server.stop();
  return { ours, tcp: tcpMegabits };
}

function startTcp(lab: Lab, plan: BesidePlan): Promise<number> {
  return plan.tcp ? runTcp(lab, plan.seconds, 0) : sleep(1000 * plan.seconds).then(() => 0);
}

async function end(clients: readonly RunningClient[]): Promise<void> {
  for (const client of clients) client.stop();
  for (const client of clients) await client.ended;
}

/** File bytes that had arrived by a time, from the events around it. */
export function bytesAt(events: readonly LftpEvent[], atSeconds: number): number {
  let [beforeSeconds, beforeBytes] = [0, 0];
  for (const { t, bytes } of events) {
    if (typeof t !== 'number' || typeof bytes !== 'number') continue;
    if (t >= atSeconds) {
      if (beforeSeconds === 0) return 0;
      const share = (atSeconds - beforeSeconds) / (t - beforeSeconds);
      return beforeBytes + share * (bytes - beforeBytes);
    }
    [beforeSeconds, beforeBytes] = [t, bytes];
  }
  return beforeBytes;
}

/** Mbit/s that one kernel TCP with CUBIC delivered from host B to host A after its lead. */
async function runTcp(lab: Lab, seconds: number, leadSeconds: number): Promise<number> {
  const sink = lab.a.start('iperf3', ['-s', '-1', '-p', TCP_PORT]);
  sink.stdout.resume();
  await sleep(300);
  const time = ['-t', String(seconds), '-O', String(leadSeconds), '-C', 'cubic', '-J'];
  const source = lab.b.start('iperf3', ['-c', lab.a.address, '-p', TCP_PORT, ...time]);
  let text = '';
  source.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(source, 'close');
  sink.kill();
  const report = JSON.parse(text) as { end?: { sum_received?: { bits_per_second?: number } } };
  const rate = report.end?.sum_received?.bits_per_second;
  if (rate === undefined) throw new Error(`iperf3 gave no figure: ${text.slice(0, 300)}`);
  return rate / 1e6;
}

export interface Bloat {
  /** Median round trip of small datagrams before the transfer and while it ran, ms. */
  readonly idle: readonly number[];
  readonly busy: readonly number[];
  readonly megabits: number;
}

/** Asks through the queue before and during a `get`; the first seconds of it do not count. */
export async function measureBloat(
  lab: Lab,
  plan: Pick<BesidePlan, 'folder' | 'fileName' | 'flags'>,
  idleSeconds: number,
  startSeconds: number,
): Promise<Bloat> {
  const { folder, fileName, flags } = plan;
  const echo = lab.b.start('node', [PROBE, 'echo', PROBE_PORT]);
  const asker = lab.a.start('node', [PROBE, 'ask', lab.b.address, PROBE_PORT]);
  const samples: { readonly atSeconds: number; readonly rttMs: number }[] = [];
  createInterface({ input: asker.stdout }).on('line', (line) => {
    const [atSeconds = NaN, rttMs = NaN] = line.split(' ').map(Number);
    samples.push({ atSeconds, rttMs });
  });
  const server = await startServer(lab.b, join(folder, 'server'), flags);
  await sleep(1000 * idleSeconds);
  const fromSeconds = Date.now() / 1000;
  const target = join(folder, 'client', fileName);
  const run = await startClient(lab.a, ['get', server.url(fileName), target, ...flags]).ended;
  const toSeconds = Date.now() / 1000;
  for (const process of [asker, echo]) process.kill();
  await server.stop();
  const done = doneEvent(run);
  const runningSeconds = fromSeconds + startSeconds;
  const within = (from: number, to: number): number[] =>
    samples.filter((s) => s.atSeconds >= from && s.atSeconds < to).map((s) => s.rttMs);
  return {
    idle: within(fromSeconds - idleSeconds, fromSeconds),
    busy: within(runningSeconds, toSeconds),
    megabits: megabits(done.bytes, done.seconds),
  };
}
