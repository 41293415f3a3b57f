/** What one seed means: who transfers what, over which links, and what goes wrong meanwhile. */
import { CONTROLLER_NAMES, type ControllerName } from '../transport/config.ts';
import { SeededRandom, type Random } from '../util/random.ts';
import type { ClientPlan, JobPlan } from './client-party.ts';
import { type CloseMode, MAX_PADDING_BYTES } from './exchange-message.ts';
import { type FaultClass, FAULT_CLASSES } from './fault-classes.ts';
import { drawFaultyLink, drawSoundLink } from './link-draw.ts';
import type { LinkOptions, Outage } from './link.ts';
import type { Habits } from './record-stream.ts';

export interface ClientScenario {
  /** One plan per connection. */
  readonly plans: readonly ClientPlan[];
  readonly startMs: readonly number[];
  /** Towards the server and from it; without the faults and with them. */
  readonly soundUp: LinkOptions;
  readonly soundDown: LinkOptions;
  readonly faultyUp: LinkOptions;
  readonly faultyDown: LinkOptions;
}

export interface Pause extends Outage {
  /** 0 = the server, else the client's number. */
  readonly host: number;
}

export interface MtuChange {
  readonly atMs: number;
  readonly client: number;
  readonly mtuBytes: number;
}

export interface Scenario {
  readonly seed: number;
  /** Fault classes switched on. */
  readonly faults: ReadonlySet<FaultClass>;
  /** The toy MAC seals every segment; without it corruption flips single bits only. */
  readonly isSealed: boolean;
  /** Segment and transmission numbers start within 1,000 of their wrap. */
  readonly isNearWrap: boolean;
  /** At least 64 MiB through a window above 16,384 segments. */
  readonly isLarge: boolean;
  readonly controller: ControllerName;
  readonly segmentBytes: number;
  readonly receiveWindowBytes: number;
  readonly initialReceiveWindowBytes: number;
  readonly receiveWindowSegments: number;
  readonly serverHabits: Habits;
  readonly clients: readonly ClientScenario[];
  readonly pauses: readonly Pause[];
  readonly mtuChanges: readonly MtuChange[];
  readonly misdelivery: number;
  /** Pool of each host for file bytes received; small ones run dry. */
  readonly receivePoolBytes: number;
  /** Pool of each host for early segments. */
  readonly earlyPoolBytes: number;
  /** Client programs end once they have all they wanted and two fins are on their way. */
  readonly clientsExit: boolean;
  /** When the faults end. */
  readonly healMs: number;
}

export const HEALTHY_HABITS: Habits = {
  minReadBytes: 65_536,
  stallChance: 0,
  stallMs: 0,
  writeBytes: 262_144,
};

/** Enough for every scenario, so that running short of memory is a fault of its own. */
export const AMPLE_POOL_BYTES = 268_435_456;
const LATER_FAULTS: ReadonlySet<FaultClass> = new Set(['memory', 'exit']);
const MAX_PAUSE_MS = 600_000;
const LARGE_BYTES = 67_108_864;

/** Draws the scenario of a seed; the same on every machine. */
export function drawScenario(seed: number): Scenario {
  const random = SeededRandom.named(seed, 'scenario');
  const isLarge = random.chance(0.01);
  const faults = drawFaults(seed, random);
  const isSealed = random.chance(0.5);
  // Names of their own: what came later must not shift the draws of what was there before.
  const later = SeededRandom.named(seed, 'later');
  const healMs = 500 * (1 + random.integer(0, 7)) * (1 << random.integer(0, 4));
  const clientCount = isLarge ? 1 : 1 + Math.floor(random.float() * random.float() * 4);
  const clients = Array.from({ length: clientCount }, () =>
    drawClient(random, faults, isLarge, isSealed, healMs),
  );
  return {
    seed,
    faults,
    isSealed,
    isLarge,
    isNearWrap: random.chance(0.05),
    controller: drawController(seed, random, isLarge),
    segmentBytes: random.chance(0.75) ? 1_400 : random.integer(1_200, 1_472),
    ...drawWindows(random, isLarge),
    serverHabits: drawHabits(random, faults),
    clients,
    pauses: drawPauses(random, faults, clientCount, healMs),
    mtuChanges: drawMtuChanges(random, faults, clientCount, healMs),
    misdelivery: faults.has('misdelivery') ? 0.05 * random.float() : 0,
    ...drawPools(later, faults, isLarge),
    clientsExit: faults.has('exit') && later.chance(0.3),
    healMs,
  };
}

function drawFaults(seed: number, random: Random): ReadonlySet<FaultClass> {
  const later = SeededRandom.named(seed, 'later faults');
  const isOn = (fault: FaultClass): boolean =>
    (LATER_FAULTS.has(fault) ? later : random).chance(0.5);
  return new Set(FAULT_CLASSES.filter(isOn));
}

const MODERN_CONTROLLERS = CONTROLLER_NAMES.filter((name) => name !== 'founding');

/** `founding` is too slow for a large transfer; others came later, under their own name. */
function drawController(seed: number, random: Random, isLarge: boolean): ControllerName {
  if (!isLarge && random.chance(0.25)) return 'founding';
  const later = SeededRandom.named(seed, 'controller');
  return MODERN_CONTROLLERS[later.integer(0, MODERN_CONTROLLERS.length - 1)]!;
}

type Pools = Pick<Scenario, 'receivePoolBytes' | 'earlyPoolBytes'>;

function drawPools(random: Random, faults: ReadonlySet<FaultClass>, isLarge: boolean): Pools {
  const isShort = faults.has('memory') && !isLarge && random.chance(0.8);
  if (!isShort) return { receivePoolBytes: AMPLE_POOL_BYTES, earlyPoolBytes: AMPLE_POOL_BYTES };
  return {
    receivePoolBytes: random.chance(0.3) ? AMPLE_POOL_BYTES : 262_144 * random.integer(1, 6),
    earlyPoolBytes: random.chance(0.3) ? AMPLE_POOL_BYTES : 4_096 << random.integer(0, 5),
  };
}

function drawClient(
  random: Random,
  faults: ReadonlySet<FaultClass>,
  isLarge: boolean,
  isSealed: boolean,
  healMs: number,
): ClientScenario {
  const soundUp = drawSoundLink(random, isLarge);
  const soundDown = random.chance(0.7) ? soundUp : drawSoundLink(random, isLarge);
  const connections = isLarge ? 1 : random.chance(0.3) ? random.integer(2, 3) : 1;
  const plans = Array.from({ length: connections }, () => drawPlan(random, faults, isLarge));
  const startMs = plans.map(() => (random.chance(0.5) ? 0 : random.integer(0, 2_000)));
  const context = { faults, isSealed, isLarge, healMs };
  const faultyUp = drawFaultyLink(random, soundUp, context);
  const faultyDown = drawFaultyLink(random, soundDown, context);
  const [up, down] = drawPartitions(random, faults, healMs);
  return {
    plans,
    startMs,
    soundUp,
    soundDown,
    faultyUp: { ...faultyUp, outages: up },
    faultyDown: { ...faultyDown, outages: down },
  };
}

function drawPlan(random: Random, faults: ReadonlySet<FaultClass>, isLarge: boolean): ClientPlan {
  const count = isLarge ? 1 : 1 + Math.floor(random.float() * random.float() * 5);
  const jobs = Array.from({ length: count }, (_, id) => drawJob(random, faults, isLarge, id));
  return {
    jobs,
    depth: random.chance(0.5) ? 1 : random.integer(1, 4),
    closeMode: drawCloseMode(random, faults, isLarge),
    abortAtBytes: random.integer(0, 65_536),
    habits: drawHabits(random, faults),
  };
}

function drawJob(
  random: Random,
  faults: ReadonlySet<FaultClass>,
  isLarge: boolean,
  id: number,
): JobPlan {
  const sizeBytes = isLarge ? LARGE_BYTES + random.integer(0, 65_536) : drawSize(random);
  const isCancelled = faults.has('cancel') && !isLarge && random.chance(0.5);
  return {
    kind: random.chance(0.5) ? 'get' : 'post',
    id,
    sizeBytes,
    seed: random.uint32(),
    paddingBytes: random.chance(0.1) ? random.integer(0, MAX_PADDING_BYTES) : random.integer(0, 64),
    cancelAtBytes: isCancelled ? drawCancel(random, sizeBytes) : Infinity,
  };
}

/** Early rather than late, so that something is left to give up. */
function drawCancel(random: Random, sizeBytes: number): number {
  return Math.floor(random.float() * random.float() * random.float() * sizeBytes);
}

/** 0 B to 256 KiB: every order of magnitude as likely, and the edges often. */
function drawSize(random: Random): number {
  const kind = random.float();
  if (kind < 0.05) return 0;
  if (kind < 0.1) return 1;
  const bits = random.integer(1, 18);
  return random.integer(1 << (bits - 1), 1 << bits);
}

function drawCloseMode(
  random: Random,
  faults: ReadonlySet<FaultClass>,
  isLarge: boolean,
): CloseMode {
  if (faults.has('abort') && !isLarge && random.chance(0.15)) return 'abort';
  const kind = random.float();
  if (kind < 0.4) return 'client';
  if (kind < 0.6) return 'server';
  return kind < 0.8 ? 'both' : 'early';
}

function drawHabits(random: Random, faults: ReadonlySet<FaultClass>): Habits {
  const isSlow = faults.has('slowReader') && random.chance(0.5);
  return {
    minReadBytes: [1, 4_096, 65_536, 262_144][random.integer(0, 3)]!,
    stallChance: isSlow ? random.float() : 0,
    stallMs: isSlow ? 10 << random.integer(0, 9) : 0,
    writeBytes: random.chance(0.7) ? 262_144 : random.integer(100, 65_536),
  };
}

type Windows = Pick<
  Scenario,
  'receiveWindowBytes' | 'initialReceiveWindowBytes' | 'receiveWindowSegments'
>;

function drawWindows(random: Random, isLarge: boolean): Windows {
  if (isLarge) return windows(134_217_728, 134_217_728, 65_536);
  if (random.chance(0.5)) return windows(4_194_304, 67_108_864, 65_536);
  const mostBytes = 16_384 << random.integer(0, 8);
  return windows(Math.max(16_384, mostBytes / 4), mostBytes, 16 << random.integer(0, 8));
}

function windows(
  initialReceiveWindowBytes: number,
  receiveWindowBytes: number,
  receiveWindowSegments: number,
): Windows {
  return { initialReceiveWindowBytes, receiveWindowBytes, receiveWindowSegments };
}

/** Darkness in one or both directions; times are drawn per client, so some overlap and some not. */
function drawPartitions(
  random: Random,
  faults: ReadonlySet<FaultClass>,
  healMs: number,
): readonly [readonly Outage[], readonly Outage[]] {
  const up: Outage[] = [];
  const down: Outage[] = [];
  if (!faults.has('partition')) return [up, down];
  const count = random.integer(1, 4);
  let atMs = 0;
  for (let i = 0; i < count; i += 1) {
    const fromMs = atMs + random.float() * random.float() * (healMs - atMs);
    const toMs = fromMs + random.float() * random.float() * (healMs - fromMs);
    const side = random.integer(0, 3);
    if (side !== 1) up.push({ fromMs, toMs });
    if (side !== 2) down.push({ fromMs, toMs });
    atMs = toMs;
  }
  return [up, down];
}

function drawPauses(
  random: Random,
  faults: ReadonlySet<FaultClass>,
  clientCount: number,
  healMs: number,
): readonly Pause[] {
  if (!faults.has('pause')) return [];
  return Array.from({ length: random.integer(1, 4) }, () => {
    const fromMs = random.float() * random.float() * healMs;
    const isLong = random.chance(0.05);
    const toMs = fromMs + (isLong ? MAX_PAUSE_MS : 4_000) * random.float() * random.float();
    return { host: random.integer(0, clientCount), fromMs, toMs };
  });
}

function drawMtuChanges(
  random: Random,
  faults: ReadonlySet<FaultClass>,
  clientCount: number,
  healMs: number,
): readonly MtuChange[] {
  if (!faults.has('mtu')) return [];
  return Array.from({ length: random.integer(1, 3) }, () => ({
    atMs: random.chance(0.3) ? 0 : random.float() * random.float() * healMs,
    client: random.integer(1, clientCount),
    mtuBytes: random.chance(0.7) ? random.integer(1_200, 1_399) : random.integer(1_200, 9_000),
  }));
}
