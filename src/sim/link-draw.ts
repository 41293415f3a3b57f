/** Draws of links: what they are in good health, and what the faults make of them. */
import type { Random } from '../util/random.ts';
import type { FaultClass } from './fault-classes.ts';
import { type LinkOptions, PERFECT_LINK } from './link.ts';

export interface LinkContext {
  readonly faults: ReadonlySet<FaultClass>;
  readonly isSealed: boolean;
  readonly isLarge: boolean;
  readonly healMs: number;
}

/** A duplicate comes up to this late: later than any timer of a connection. */
const LATE_MS = 60_000;
/** Smallest queue: one full datagram must fit, or nothing ever passes. */
const LEAST_QUEUE_BYTES = 3_000;

export function drawSoundLink(random: Random, isLarge: boolean): LinkOptions {
  const delayMs = isLarge ? random.integer(20, 60) : drawDelay(random);
  if (isLarge || random.chance(0.4)) return { ...PERFECT_LINK, delayMs };
  const rateBitsPerSecond = 100_000 * (1 + random.integer(0, 9)) * (1 << random.integer(0, 9));
  const bdpBytes = Math.ceil((rateBitsPerSecond * delayMs) / 4_000);
  return { ...PERFECT_LINK, delayMs, rateBitsPerSecond, queueBytes: Math.max(65_536, bdpBytes) };
}

/** 0 to 500 ms, short ones more often. */
function drawDelay(random: Random): number {
  const kind = random.float();
  if (kind < 0.1) return 0;
  if (kind < 0.9) return random.float() * (1 << random.integer(0, 6));
  return random.integer(64, 500);
}

export function drawFaultyLink(
  random: Random,
  sound: LinkOptions,
  context: LinkContext,
): LinkOptions {
  const { faults, isLarge, isSealed } = context;
  const has = (fault: FaultClass): boolean => faults.has(fault) && random.chance(0.8);
  // A large transfer shall get on: its faults are mild ones.
  const most = isLarge ? 0.01 : 1;
  const rate = (high: number): number => high * random.float() * random.float() * most;
  const loss = has('loss') ? drawLoss(random, isLarge) : 0;
  const hasJitter = has('jitter');
  return {
    ...sound,
    loss,
    burst: has('burst') ? random.integer(2, 50) : 1,
    jitterMs: hasJitter ? (isLarge ? 5 : drawJitter(random)) : 0,
    keepsOrder: random.chance(0.4),
    reorder: has('reorder') ? rate(0.5) : 0,
    holdMs: 5 << random.integer(0, 8),
    duplicate: has('duplicate') ? rate(0.5) : 0,
    duplicateLateMs: random.chance(0.5) ? LATE_MS : random.integer(0, 100),
    corrupt: has('corrupt') ? rate(0.3) : 0,
    corruptBits: isSealed ? 32 : 1,
    truncate: has('truncate') ? rate(0.3) : 0,
    extend: has('extend') ? rate(0.3) : 0,
    ...drawQueue(random, sound, faults.has('queue') && !isLarge),
  };
}

function drawLoss(random: Random, isLarge: boolean): number {
  if (isLarge) return 0.0005 * random.float();
  const kind = random.float();
  if (kind < 0.02) return 0.99;
  if (kind < 0.5) return 0.1 * random.float();
  return 0.95 * random.float();
}

function drawJitter(random: Random): number {
  const kind = random.float();
  if (kind < 0.9) return random.float() * (1 << random.integer(1, 9));
  return random.float() * 5_000;
}

type Queue = Pick<LinkOptions, 'rateBitsPerSecond' | 'queueBytes'>;

/** A queue of a few datagrams before a slow line: what a cheap router offers. */
function drawQueue(random: Random, sound: LinkOptions, isShort: boolean): Queue {
  const { rateBitsPerSecond, queueBytes } = sound;
  if (!isShort) return { rateBitsPerSecond, queueBytes };
  const slower = rateBitsPerSecond > 0 ? rateBitsPerSecond : 100_000 << random.integer(0, 9);
  const datagrams = random.integer(1, 1 << random.integer(1, 7));
  return {
    rateBitsPerSecond: slower,
    queueBytes: Math.max(LEAST_QUEUE_BYTES, datagrams * 1_500),
  };
}
