/**
 * A rate that several sessions share. Who wants to move bytes waits here for its turn: first come,
 * first served, so that sessions which ask for alike amounts get alike shares.
 */
import { Turns } from '../turns.ts';

/** How soon a change of the rate is noticed by whoever waits. */
const NAP_MS = 200;

/** What a pause may be made up for: timers come late, and disks stop now and then. */
const CREDIT_MS = 100;

/** Bytes that are moved at once take this long, or a burst would be followed by silence. */
const GRAIN_MS = 50;
const MIN_GRAIN_BYTES = 8192;

/** Time, and waiting for it. */
export interface GateWorld {
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

const REAL: GateWorld = {
  nowMs: () => performance.now(),
  pause: (ms) =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
    }),
};

export class RateGate {
  private readonly world: GateWorld;
  private readonly turns = new Turns();
  private rate = Infinity;
  /** When everything that was taken so far is paid for. */
  private paidMs = -Infinity;

  constructor(world: GateWorld = REAL) {
    this.world = world;
  }

  /** Infinity: none. */
  get bytesPerSecond(): number {
    return this.rate;
  }

  /** What is owed stays owed, in bytes. */
  set bytesPerSecond(rate: number) {
    if (rate === this.rate) return;
    const nowMs = this.world.nowMs();
    const owedBytes = (Math.max(0, this.paidMs - nowMs) * this.rate) / 1000;
    this.rate = rate;
    // Nothing is owed where there was no rate, and no time is saved up for a later one.
    this.paidMs = nowMs + (Number.isFinite(owedBytes) ? (owedBytes * 1000) / rate : 0);
  }

  /** Most bytes that should be moved in one go; at least one. */
  grain(wantedBytes: number): number {
    const grainBytes = Math.max(MIN_GRAIN_BYTES, Math.floor((this.rate * GRAIN_MS) / 1000));
    return Math.min(wantedBytes, grainBytes);
  }

  /**
   * Resolves when so many bytes may be moved.
   * @param isOver whether nobody wants that any more
   */
  async pay(bytes: number, isOver: () => boolean): Promise<void> {
    if (this.rate === Infinity) return;
    const turn = this.turns.take();
    await turn.ready;
    try {
      for (;;) {
        const waitMs = this.paidMs - this.world.nowMs();
        if (waitMs <= 0 || isOver()) break;
        await this.world.pause(Math.min(NAP_MS, waitMs));
      }
      if (isOver() || this.rate === Infinity) return;
      const fromMs = Math.max(this.paidMs, this.world.nowMs() - CREDIT_MS);
      this.paidMs = fromMs + (bytes * 1000) / this.rate;
    } finally {
      turn.done();
    }
  }

  /** Bytes that were paid for and not moved. */
  refund(bytes: number): void {
    if (this.rate !== Infinity) this.paidMs -= (bytes * 1000) / this.rate;
  }
}
