/** One run in virtual time: exact, and the same whenever and wherever it is repeated. */
import { seededProtections } from '../../io/seeded-protection.ts';
import { GoodputRun } from '../../sim/goodput.ts';
import { IP_UDP_HEADER_BYTES } from '../../sim/link.ts';
import type { LinkCounters } from '../../sim/link.ts';
import { SequenceWatch } from '../../sim/sequence-plot.ts';
import { median } from './figures.ts';
import { directions, queueBytes } from './link-spec.ts';
import { READING_INTERVAL_MS, SenderRecorder } from './run.ts';
import type { RunOrder, RunResult, RunWatch } from './run.ts';

/** Signals and the display have their turn this often; ms of real time. */
const TURN_MS = 50;

/** @throws the signal's reason */
export async function simulateRun(order: RunOrder, watch: RunWatch): Promise<RunResult> {
  const { link, sizeBytes: bytes, controller, seed, limitMs } = order;
  const { data, answers } = directions(link);
  const sequence = new SequenceWatch();
  const recorder = new SenderRecorder();
  const run = new GoodputRun({
    rateBitsPerSecond: link.rateBitsPerSecond,
    rttMs: link.rttMs,
    loss: link.loss,
    queueBytes: queueBytes(link),
    link: data,
    returnLink: answers,
    bytes,
    controller,
    seed,
    limitMs,
    config: { patienceMs: Infinity },
    protections: seededProtections(seed),
    watch: sequence,
  });
  let turnEndsMs = performance.now() + TURN_MS;
  for (let ms = READING_INTERVAL_MS; run.advance(ms); ms += READING_INTERVAL_MS) {
    const stats = run.senderStats();
    if (stats !== undefined) recorder.add(ms, stats);
    if (performance.now() < turnEndsMs) continue;
    watch.onProgress(run.bytes, ms);
    await new Promise((resolve) => setImmediate(resolve));
    watch.signal.throwIfAborted();
    turnEndsMs = performance.now() + TURN_MS;
  }
  const result = run.result();
  const counters = run.linkCounters();
  const curves = recorder.curves();
  return {
    order,
    bytes: result.bytes,
    seconds: result.virtualMs / 1000,
    isComplete: result.isComplete,
    segmentsSent: result.sender.segmentsSent,
    segmentsRetransmitted: result.sender.segmentsRetransmitted,
    timeouts: result.sender.timeouts,
    wireBytes: wireBytes(counters.data) + wireBytes(counters.returned),
    lostDatagrams: counters.data.losses + counters.data.outageDrops,
    queueDrops: counters.data.queueDrops,
    cpuSeconds: undefined,
    srttMs: median(curves.srttMs.values),
    pictures: { curves, plots: sequence.plots() },
    emulator: undefined,
  };
}

/** What a direction was given to carry, with the headers that the line carries too. */
export function wireBytes({ sent, sentBytes }: LinkCounters): number {
  return sentBytes + sent * IP_UDP_HEADER_BYTES;
}
