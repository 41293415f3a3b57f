/**
 * P-FLOW-07: how large the receive window is. It starts large, for a small one is the commonest
 * reason for slow long paths, and grows with what the application consumes, so that it never is
 * the brake. It never shrinks, and a reader that is slow never widens it.
 */
import type { SlabPool } from '../util/slab.ts';
import type { ConnectionConfig } from './config.ts';

/** The window holds what is consumed in so many round trips: a sender may double in one. */
const ROUND_TRIPS_HELD = 5;
/** Beyond that it holds what is consumed in so long, up to so many bytes: a disk may pause. */
const PAUSE_HELD_MS = 250;
const PAUSE_HELD_BYTES = 4_194_304;
/** What is consumed is counted over a round trip and this, as small rounds tell little. */
const ROUND_EXTRA_MS = 100;
/** A responder may not have measured a round trip yet (RFC 9002 §6.2.2). */
const UNKNOWN_ROUND_TRIP_MS = 333;
/** Of the free pool a connection is granted this share at first, and half in the end. */
const START_SHARE = 1 / 8;
const MAX_SHARE = 1 / 2;
/**
 * Two of the largest segments there are, granted whatever others hold; what finds no memory then is
 * dropped and counted (P-FLOW-06).
 */
const LEAST_START_BYTES = 131_072;

/** Bytes that a new connection grants. */
export function startWindowBytes(config: ConnectionConfig, pool: SlabPool): number {
  const share = Math.max(LEAST_START_BYTES, Math.floor(pool.freeBytes * START_SHARE));
  return Math.min(config.initialReceiveWindowBytes, config.receiveWindowBytes, share);
}

export class WindowTuner {
  /** Since when the present round is counted, and what had been consumed by then. */
  private startMs = -Infinity;
  private startBytes = 0;
  /** Consumed in the round before. */
  private lastBytes = 0;
  private readonly maxBytes: number;

  /** @param maxBytes what the window may grow to */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /**
   * @param windowBytes the window as it is
   * @param consumedBytes by the application, in all
   * @param minRttMs shortest round trip, Infinity while none was measured
   * @param freeBytes left in the pool for received bytes
   * @returns the window from now on
   */
  tune(
    nowMs: number,
    windowBytes: number,
    consumedBytes: number,
    minRttMs: number,
    freeBytes: number,
  ): number {
    const bytes = consumedBytes - this.startBytes;
    const rttMs = minRttMs === Infinity ? UNKNOWN_ROUND_TRIP_MS : minRttMs;
    const roundMs = rttMs + ROUND_EXTRA_MS;
    const bytesPerMs = Math.max(bytes, this.lastBytes) / roundMs;
    const pauseBytes = Math.min(PAUSE_HELD_MS * bytesPerMs, PAUSE_HELD_BYTES);
    const wanted = Math.floor(ROUND_TRIPS_HELD * rttMs * bytesPerMs + pauseBytes);
    const elapsedMs = nowMs - this.startMs;
    if (elapsedMs >= roundMs) {
      this.lastBytes = elapsedMs < 2 * roundMs ? bytes : 0;
      this.startMs = nowMs;
      this.startBytes = consumedBytes;
    }
    const most = Math.min(this.maxBytes, Math.floor(freeBytes * MAX_SHARE));
    return Math.max(windowBytes, Math.min(wanted, most));
  }
}
