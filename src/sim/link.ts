/**
 * One direction of an emulated link: it serialises on a line behind a drop-tail queue, then
 * delays, then impairs. The order of these steps is that of the lab's emulator, so that figures
 * in virtual time and figures from the lab may stand in one table.
 *
 * Sans-IO: time and randomness are arguments, and whoever drives it asks when to come back.
 */
import type { Random } from '../util/random.ts';
import { DelayLine, MAX_HELD_DATAGRAMS, type Flight } from './delay-line.ts';
import { Line, type LineOptions, PERFECT_LINE } from './line.ts';

/** IPv4 and UDP headers, which take line time and queue room as well. */
export const IP_UDP_HEADER_BYTES = 28;

export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface LinkOptions extends LineOptions {
  /** One-way delay. */
  readonly delayMs: number;
  /** Uniform extra delay in [0, jitterMs]. */
  readonly jitterMs: number;
  /** Whether jitter keeps the order of datagrams. */
  readonly keepsOrder: boolean;
  /** Probability that a datagram is lost. */
  readonly loss: number;
  /** Mean length of a run of losses, datagrams (Gilbert); up to 1 = independent losses. */
  readonly burst: number;
  /** Probability of a second copy… */
  readonly duplicate: number;
  /** …which comes up to this much later; early within that span rather than late. */
  readonly duplicateLateMs: number;
  /** Probability that a datagram is held back, so that later ones overtake it… */
  readonly reorder: number;
  /** …for a uniform time in [1, holdMs]. */
  readonly holdMs: number;
  /** Probability of flipped bits… */
  readonly corrupt: number;
  /** …of which there are between one and this many. */
  readonly corruptBits: number;
  /** Probability that a datagram loses its tail. */
  readonly truncate: number;
  /** Probability that random bytes, at most 64, follow a datagram. */
  readonly extend: number;
  /** Larger datagrams vanish; bytes of UDP payload. */
  readonly mtuBytes: number;
  /** Times of darkness, ascending and disjoint: what is sent in them is lost. */
  readonly outages: readonly Outage[];
}

export const PERFECT_LINK: LinkOptions = {
  ...PERFECT_LINE,
  delayMs: 0,
  jitterMs: 0,
  keepsOrder: true,
  loss: 0,
  burst: 1,
  duplicate: 0,
  duplicateLateMs: 0,
  reorder: 0,
  holdMs: 10,
  corrupt: 0,
  corruptBits: 1,
  truncate: 0,
  extend: 0,
  mtuBytes: Infinity,
  outages: [],
};

/** What happened to datagrams so far; each impairment is counted when it strikes. */
export interface LinkCounters {
  sent: number;
  sentBytes: number;
  delivered: number;
  deliveredBytes: number;
  queueDrops: number;
  policeDrops: number;
  losses: number;
  outageDrops: number;
  mtuDrops: number;
  duplicated: number;
  /** Copies that came more than a second late. */
  duplicatedLate: number;
  reordered: number;
  corrupted: number;
  truncated: number;
  extended: number;
}

const MAX_EXTENSION_BYTES = 64;

export class Link {
  readonly counters: LinkCounters = {
    sent: 0,
    sentBytes: 0,
    delivered: 0,
    deliveredBytes: 0,
    queueDrops: 0,
    policeDrops: 0,
    losses: 0,
    outageDrops: 0,
    mtuDrops: 0,
    duplicated: 0,
    duplicatedLate: 0,
    reordered: 0,
    corrupted: 0,
    truncated: 0,
    extended: 0,
  };
  private settings: LinkOptions;
  private readonly random: Random;
  private readonly line: Line;
  private readonly isLineShared: boolean;
  private readonly flights = new DelayLine();
  private lastAtMs = 0;
  private isBad = false;
  private nextOutage = 0;
  private lent: Flight | undefined;

  /**
   * @param options what differs from {@link PERFECT_LINK}
   * @param line shared with other links; what `options` say of a line is then not looked at
   */
  constructor(options: Partial<LinkOptions>, random: Random, line?: Line) {
    this.settings = { ...PERFECT_LINK, ...options };
    this.random = random;
    this.line = line ?? new Line(this.settings);
    this.isLineShared = line !== undefined;
  }

  get options(): LinkOptions {
    return this.settings;
  }

  /** Changes settings for what is sent from now on; what is under way is not touched. */
  configure(patch: Partial<LinkOptions>): void {
    this.settings = { ...this.settings, ...patch };
    if (patch.outages !== undefined) this.nextOutage = 0;
    if (!this.isLineShared) this.line.configure(this.settings);
  }

  set mtuBytes(bytes: number) {
    this.configure({ mtuBytes: bytes });
  }

  /** Datagrams under way. */
  get heldDatagrams(): number {
    return this.flights.size;
  }

  /**
   * Sends one datagram; `bytes` (at most 65,507) is copied. `nowMs` must never go back.
   * @returns whether it is under way, and not dropped or lost
   */
  send(nowMs: number, bytes: Uint8Array): boolean {
    const counters = this.counters;
    counters.sent += 1;
    counters.sentBytes += bytes.length;
    if (bytes.length > this.settings.mtuBytes) {
      counters.mtuDrops += 1;
      return false;
    }
    const sizeBytes = bytes.length + IP_UDP_HEADER_BYTES;
    if (!this.line.passes(nowMs, sizeBytes)) {
      counters.policeDrops += 1;
      return false;
    }
    const leavesMs = this.line.serialise(nowMs, sizeBytes);
    if (leavesMs === undefined || this.flights.size >= MAX_HELD_DATAGRAMS) {
      counters.queueDrops += 1;
    } else if (this.isDark(nowMs)) {
      counters.outageDrops += 1;
    } else if (this.isLost()) {
      counters.losses += 1;
    } else {
      this.carry(leavesMs, bytes);
      return true;
    }
    return false;
  }

  /** When to call `deliver`; Infinity while nothing is under way. */
  nextDeliveryMs(): number {
    return this.flights.nextMs();
  }

  /**
   * The next datagram that has arrived by `nowMs`; call until undefined.
   * The bytes may be changed in place and are valid until the next call.
   */
  deliver(nowMs: number): Uint8Array | undefined {
    if (this.lent !== undefined) {
      this.flights.recycle(this.lent);
      this.lent = undefined;
    }
    if (this.flights.size === 0 || this.flights.nextMs() > nowMs) return undefined;
    const flight = this.flights.shift();
    this.lent = flight;
    this.counters.delivered += 1;
    this.counters.deliveredBytes += flight.length;
    return flight.buffer.subarray(0, flight.length);
  }

  private isDark(nowMs: number): boolean {
    const outages = this.settings.outages;
    while (this.nextOutage < outages.length && outages[this.nextOutage]!.toMs <= nowMs) {
      this.nextOutage += 1;
    }
    const outage = outages[this.nextOutage];
    return outage !== undefined && outage.fromMs <= nowMs;
  }

  private isLost(): boolean {
    const { loss, burst } = this.settings;
    if (loss <= 0) return false;
    if (loss >= 1) return true;
    if (burst <= 1) return this.random.chance(loss);
    const leave = 1 / burst;
    const enter = (loss * leave) / (1 - loss);
    this.isBad = this.isBad ? !this.random.chance(leave) : this.random.chance(enter);
    return this.isBad;
  }

  private carry(leavesMs: number, bytes: Uint8Array): void {
    const { duplicate, duplicateLateMs } = this.settings;
    const atMs = this.arrivalMs(leavesMs);
    const flight = this.impair(bytes);
    if (this.random.chance(duplicate) && this.flights.size < MAX_HELD_DATAGRAMS - 1) {
      const copy = this.flights.take(flight.length);
      copy.buffer.set(flight.buffer.subarray(0, flight.length));
      this.counters.duplicated += 1;
      const lateMs = duplicateLateMs > 0 ? duplicateLateMs * cube(this.random.float()) : 0;
      if (lateMs > 1_000) this.counters.duplicatedLate += 1;
      this.flights.push(flight, atMs);
      this.flights.push(copy, atMs + lateMs);
      return;
    }
    this.flights.push(flight, atMs);
  }

  private arrivalMs(leavesMs: number): number {
    const { delayMs, jitterMs, keepsOrder, reorder, holdMs } = this.settings;
    let atMs = leavesMs + delayMs;
    if (jitterMs > 0) {
      atMs += this.random.float() * jitterMs;
      if (keepsOrder) {
        atMs = Math.max(atMs, this.lastAtMs);
      } else if (atMs < this.lastAtMs) {
        this.counters.reordered += 1;
      }
    }
    this.lastAtMs = Math.max(atMs, this.lastAtMs);
    if (this.random.chance(reorder)) {
      atMs += 1 + this.random.float() * Math.max(0, holdMs - 1);
      this.counters.reordered += 1;
    }
    return atMs;
  }

  /** A copy of the datagram with what the link does to its bytes. */
  private impair(bytes: Uint8Array): Flight {
    const { corrupt, corruptBits, truncate, extend } = this.settings;
    const random = this.random;
    let kept = bytes.length;
    if (kept > 0 && random.chance(truncate)) {
      kept = random.integer(0, kept - 1);
      this.counters.truncated += 1;
    }
    const added = random.chance(extend) ? random.integer(1, MAX_EXTENSION_BYTES) : 0;
    const flight = this.flights.take(kept + added);
    flight.buffer.set(kept === bytes.length ? bytes : bytes.subarray(0, kept));
    if (added > 0) {
      this.counters.extended += 1;
      for (let i = 0; i < added; i += 1) flight.buffer[kept + i] = random.integer(0, 255);
    }
    if (kept > 0 && random.chance(corrupt)) {
      this.counters.corrupted += 1;
      const flips = corruptBits > 1 ? random.integer(1, corruptBits) : 1;
      for (let i = 0; i < flips; i += 1) {
        flight.buffer[random.integer(0, kept - 1)]! ^= 1 << random.integer(0, 7);
      }
    }
    return flight;
  }
}

/** Spelled out, because `**` need not give the same bits on every machine. */
function cube(x: number): number {
  return x * x * x;
}
