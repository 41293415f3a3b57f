/**
 * Delivery-rate samples (BBR draft §4.1): what was delivered between the sending of a segment and
 * its acknowledgement, over the time that took. Stamps are columns indexed by `seq & mask`; a
 * segment sent again is stamped again.
 */
import type { DeliverySample, LossSample } from './samples.ts';

const INITIAL_CAPACITY = 32;
/** Stamps of one segment, one behind the other. */
const STAMPS = 6;
const DELIVERED = 0;
const DELIVERED_MS = 1;
const FIRST_SENT_MS = 2;
const SENT_MS = 3;
const LOST = 4;
/** Negative when the sender was limited by the application. */
const IN_FLIGHT = 5;
/** Of all who have sent nothing, or not for long: nobody writes to them. */
const NO_STAMPS = new Float64Array(STAMPS);

/** Told and taken in at once, so all connections share it. */
const LOSS: LossSample = {
  nowMs: 0,
  bytes: 0,
  sentMs: 0,
  txInFlightBytes: 0,
  lostBytes: 0,
  priorDeliveredBytes: 0,
  isAppLimited: false,
  isTimeout: false,
  minRttMs: 0,
  latestRttMs: 0,
};

export class DeliveryRate {
  /** Bytes delivered, and found lost, in all. */
  deliveredBytes = 0;
  lostBytes = 0;
  readonly sample: DeliverySample = {
    bytesPerMs: 0,
    isAppLimited: false,
    deliveredBytes: 0,
    priorDeliveredBytes: 0,
    txInFlightBytes: 0,
    lostBytes: 0,
  };
  private deliveredMs = 0;
  private firstSentMs = 0;
  /** Deliveries up to this count say what the application gave, not what the path carries. */
  private appLimitedUntil = 0;
  /** Newest-sent segment that the acknowledgement in hand told of. */
  private baseSeq = -1;
  private baseSentMs = -1;
  /** Segments that there are stamps for. */
  private capacity = 0;
  private mask = 0;
  private stamps = NO_STAMPS;

  get isAppLimited(): boolean {
    return this.appLimitedUntil > 0;
  }

  /** Nothing was there to send, though the path would have taken it. */
  onAppLimited(flightBytes: number): void {
    this.appLimitedUntil = this.deliveredBytes + Math.max(1, flightBytes);
  }

  /**
   * Segment `seq` leaves.
   * @param sndUna oldest segment that still has a stamp
   * @param flightBytes with it
   */
  onSent(nowMs: number, seq: number, sndUna: number, bytes: number, flightBytes: number): void {
    if (flightBytes <= bytes) {
      this.firstSentMs = nowMs;
      this.deliveredMs = nowMs;
    }
    while (seq - sndUna >= this.capacity) this.grow(sndUna, seq);
    const at = STAMPS * (seq & this.mask);
    const { stamps } = this;
    stamps[at + DELIVERED] = this.deliveredBytes;
    stamps[at + DELIVERED_MS] = this.deliveredMs;
    stamps[at + FIRST_SENT_MS] = this.firstSentMs;
    stamps[at + SENT_MS] = nowMs;
    stamps[at + LOST] = this.lostBytes;
    stamps[at + IN_FLIGHT] = this.isAppLimited ? -flightBytes : flightBytes;
  }

  private grow(sndUna: number, sndNxt: number): void {
    const { stamps: old, mask: oldMask } = this;
    const edge = Math.min(sndNxt, sndUna + this.capacity);
    this.capacity = Math.max(INITIAL_CAPACITY, 2 * this.capacity);
    this.mask = this.capacity - 1;
    this.stamps = new Float64Array(STAMPS * this.capacity);
    for (let seq = sndUna; seq < edge; seq += 1) {
      const from = STAMPS * (seq & oldMask);
      this.stamps.set(old.subarray(from, from + STAMPS), STAMPS * (seq & this.mask));
    }
  }

  /** Gives the stamps back, of which none is needed while nothing is in flight. */
  rest(): void {
    this.capacity = 0;
    this.mask = 0;
    this.stamps = NO_STAMPS;
  }

  /** Bytes of typed arrays. */
  get heldBytes(): number {
    return 8 * STAMPS * this.capacity;
  }

  /** An acknowledgement is about to be taken in. */
  begin(): void {
    this.baseSeq = -1;
    this.baseSentMs = -1;
  }

  /** @param isNewest whether the newest sending of `seq` arrived: only that one has a stamp */
  onDelivered(nowMs: number, seq: number, bytes: number, isNewest: boolean): void {
    this.deliveredBytes += bytes;
    this.deliveredMs = nowMs;
    if (!isNewest) return;
    const sentMs = this.stamps[STAMPS * (seq & this.mask) + SENT_MS]!;
    if (sentMs < this.baseSentMs) return;
    this.baseSentMs = sentMs;
    this.baseSeq = seq;
    const at = STAMPS * (seq & this.mask);
    const { stamps, sample } = this;
    const inFlight = stamps[at + IN_FLIGHT]!;
    sample.priorDeliveredBytes = stamps[at + DELIVERED]!;
    sample.isAppLimited = inFlight < 0;
    sample.txInFlightBytes = Math.abs(inFlight);
    sample.lostBytes = stamps[at + LOST]!;
  }

  /** The acknowledgement has been taken in, losses too. @param minRttMs below it no rate counts */
  finish(minRttMs: number): DeliverySample {
    const { sample, stamps } = this;
    if (this.deliveredBytes > this.appLimitedUntil) this.appLimitedUntil = 0;
    sample.deliveredBytes = this.deliveredBytes;
    sample.bytesPerMs = 0;
    if (this.baseSeq < 0) {
      sample.priorDeliveredBytes = 0;
      sample.txInFlightBytes = 0;
      sample.lostBytes = 0;
      return sample;
    }
    const at = STAMPS * (this.baseSeq & this.mask);
    this.firstSentMs = this.baseSentMs;
    sample.lostBytes = this.lostBytes - sample.lostBytes;
    const sendMs = this.baseSentMs - stamps[at + FIRST_SENT_MS]!;
    const ackMs = this.deliveredMs - stamps[at + DELIVERED_MS]!;
    const intervalMs = Math.max(sendMs, ackMs);
    if (intervalMs < minRttMs || intervalMs <= 0) return sample;
    sample.bytesPerMs = (this.deliveredBytes - sample.priorDeliveredBytes) / intervalMs;
    return sample;
  }

  /** Segment `seq` is lost; its newest sending. The caller adds what it knows of round trips. */
  onLost(nowMs: number, seq: number, bytes: number): LossSample {
    this.lostBytes += bytes;
    const at = STAMPS * (seq & this.mask);
    const { stamps } = this;
    const loss = LOSS;
    const inFlight = stamps[at + IN_FLIGHT]!;
    loss.nowMs = nowMs;
    loss.bytes = bytes;
    loss.sentMs = stamps[at + SENT_MS]!;
    loss.txInFlightBytes = Math.abs(inFlight);
    loss.isAppLimited = inFlight < 0;
    loss.lostBytes = this.lostBytes - stamps[at + LOST]!;
    loss.priorDeliveredBytes = stamps[at + DELIVERED]!;
    return loss;
  }
}
