/**
 * The arena: transfers that share one bottleneck in virtual time, each with hosts, delay and
 * controller of its own, and modelled TCP among them. Congestion controllers are judged by what
 * comes out of it.
 *
 * All data goes one way, over the shared line; acknowledgements come back without a line.
 */
import { SeededRandom } from '../util/random.ts';
import type { ControllerName } from '../transport/config.ts';
import { ArenaFlow, type FlowReading } from './arena-flow.ts';
import { Line, type LineOptions } from './line.ts';
import type { LinkOptions } from './link.ts';
import { ModelledCubic } from './modelled-cubic.ts';
import { FlowSeries, QueueSeries } from './series.ts';
import { World } from './world.ts';

/** A flow of the kernel's kind, in place of one of ours. */
export const MODELLED_TCP = 'tcp-cubic';

export interface FlowPlan {
  readonly controller: ControllerName | typeof MODELLED_TCP;
  /** 0 by default. */
  readonly startMs?: number;
  /** Its own round trip without any queue; that of the arena by default. */
  readonly rttMs?: number;
  /** Bytes that the application can have handed over by a time; without it, any number. */
  readonly suppliedBytes?: (nowMs: number) => number;
}

/** What is different from `atMs` on, for all flows of ours. */
export interface Change {
  readonly atMs: number;
  readonly data?: Partial<LinkOptions>;
  readonly acks?: Partial<LinkOptions>;
}

export interface ArenaPlan {
  readonly line: Partial<LineOptions>;
  readonly rttMs: number;
  readonly durationMs: number;
  readonly seed: number;
  readonly flows: readonly FlowPlan[];
  /** What the way of the data does behind the line; modelled TCP takes its loss. */
  readonly data?: Partial<LinkOptions>;
  /** What the way back does. */
  readonly acks?: Partial<LinkOptions>;
  readonly changes?: readonly Change[];
  /** Between readings of the flows; 100 by default. */
  readonly readingMs?: number;
}

export interface ArenaResult {
  readonly flows: readonly FlowSeries[];
  readonly queue: QueueSeries;
}

const READING_MS = 100;
const QUEUE_READING_MS = 10;

/** Anything that takes part. */
interface Entrant {
  reading(): FlowReading;
}

export function runArena(plan: ArenaPlan): ArenaResult {
  const world = new World(SeededRandom.named(plan.seed, 'misdelivery'));
  const line = new Line(plan.line);
  const entrants = plan.flows.map((flow, i) =>
    flow.controller === MODELLED_TCP
      ? enterTcp(plan, flow, i, world, line)
      : enterOurs(plan, flow, flow.controller, i, world, line),
  );
  const result = {
    flows: plan.flows.map(({ controller }) => new FlowSeries(controller)),
    queue: new QueueSeries(),
  };
  every(world, QUEUE_READING_MS, (nowMs) => {
    result.queue.take(nowMs, line.queuedMs(nowMs));
  });
  every(world, plan.readingMs ?? READING_MS, (nowMs) => {
    result.flows.forEach((series, i) => {
      series.take(nowMs, entrants[i]!.reading());
    });
  });
  while (world.step(plan.durationMs));
  return result;
}

function enterOurs(
  plan: ArenaPlan,
  flow: FlowPlan,
  controller: ControllerName,
  index: number,
  world: World,
  line: Line,
): Entrant {
  const delayMs = (flow.rttMs ?? plan.rttMs) / 2;
  const entrant = new ArenaFlow({
    world,
    line,
    index,
    seed: plan.seed,
    controller,
    data: { delayMs, ...plan.data },
    acks: { delayMs, ...plan.acks },
    suppliedBytes: flow.suppliedBytes,
  });
  world.schedule(flow.startMs ?? 0, (nowMs) => {
    entrant.start(nowMs);
  });
  for (const { atMs, data, acks } of plan.changes ?? []) {
    world.schedule(atMs, () => {
      if (data !== undefined) entrant.dataLink.configure(data);
      if (acks !== undefined) entrant.ackLink.configure(acks);
    });
  }
  return entrant;
}

function enterTcp(
  plan: ArenaPlan,
  flow: FlowPlan,
  index: number,
  world: World,
  line: Line,
): Entrant {
  const tcp = new ModelledCubic({
    line,
    delayMs: (flow.rttMs ?? plan.rttMs) / 2,
    loss: plan.data?.loss ?? 0,
    random: SeededRandom.named(plan.seed, `tcp ${index}`),
  });
  const run = (nowMs: number): void => {
    tcp.work(nowMs);
    world.schedule(tcp.nextMs(), run);
  };
  world.schedule(flow.startMs ?? 0, run);
  return {
    reading: () => ({
      bytes: tcp.bytesDelivered,
      sent: tcp.packetsSent,
      retransmitted: tcp.packetsRetransmitted,
      dropped: tcp.packetsDropped,
      cwndSegments: tcp.window.cwnd,
    }),
  };
}

function every(world: World, periodMs: number, read: (nowMs: number) => void): void {
  const run = (nowMs: number): void => {
    read(nowMs);
    world.schedule(nowMs + periodMs, run);
  };
  world.schedule(0, run);
}
