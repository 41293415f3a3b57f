/**
 * What losses say against the model (BBR draft, "Updating the Model Upon Packet Loss"): a bound of
 * the flight that lasts, and short-term bounds of rate and flight that the next probe forgets.
 * Infinity is none. The state before an episode is kept, in case it turns out to be spurious.
 */
import { BETA, HEADROOM } from './bbr-settings.ts';
import type { DeliverySample } from './samples.ts';

export class BbrBounds {
  bwShortBytesPerMs = Infinity;
  flightShortBytes = Infinity;
  flightLongBytes = Infinity;
  /** Largest rate and delivery of the current round. */
  bwLatestBytesPerMs = 0;
  flightLatestBytes = 0;
  /** Largest flight in which something left that the current round tells of. */
  sentLatestBytes = 0;
  isLossInRound = false;
  /** Whether the acknowledgement in hand ends a round of counting losses. */
  isRoundStart = false;
  private roundDelivered = 0;
  private undoBwShort = Infinity;
  private undoFlightShort = Infinity;
  private undoFlightLong = Infinity;

  /** A loss; the first one of a round begins a new round of counting. */
  noteLoss(deliveredBytes: number): void {
    if (!this.isLossInRound) this.roundDelivered = deliveredBytes;
    this.isLossInRound = true;
  }

  /** Before the model looks at one acknowledgement. @param flightBytes told by its round trip */
  begin(rate: DeliverySample, bytesPerMs: number, flightBytes: number): void {
    this.bwLatestBytesPerMs = Math.max(this.bwLatestBytesPerMs, bytesPerMs);
    this.flightLatestBytes = Math.max(this.flightLatestBytes, flightBytes);
    this.sentLatestBytes = Math.max(this.sentLatestBytes, rate.txInFlightBytes);
    this.isRoundStart = rate.priorDeliveredBytes >= this.roundDelivered;
    if (this.isRoundStart) this.roundDelivered = rate.deliveredBytes;
  }

  /** After the model has looked at it. */
  end(rate: DeliverySample, bytesPerMs: number, flightBytes: number): void {
    if (!this.isRoundStart) return;
    this.bwLatestBytesPerMs = bytesPerMs;
    this.flightLatestBytes = flightBytes;
    this.sentLatestBytes = rate.txInFlightBytes;
  }

  resetSignals(): void {
    this.isLossInRound = false;
    this.bwLatestBytesPerMs = 0;
    this.flightLatestBytes = 0;
    this.sentLatestBytes = 0;
  }

  resetShortTerm(): void {
    this.bwShortBytesPerMs = Infinity;
    this.flightShortBytes = Infinity;
  }

  /**
   * Down to what the last round delivered, and by no more than cubic would.
   * @param keepsRate whether the rate of that round was our own choice, and says nothing
   */
  lowerShortTerm(maxBwBytesPerMs: number, cwndBytes: number, keepsRate: boolean): void {
    if (this.bwShortBytesPerMs === Infinity) this.bwShortBytesPerMs = maxBwBytesPerMs;
    if (this.flightShortBytes === Infinity) this.flightShortBytes = cwndBytes;
    if (!keepsRate) {
      this.bwShortBytesPerMs = Math.max(this.bwLatestBytesPerMs, BETA * this.bwShortBytesPerMs);
    }
    this.flightShortBytes = Math.max(this.flightLatestBytes, BETA * this.flightShortBytes);
  }

  /** The lasting bound less what is left to others. */
  withHeadroom(smssBytes: number, floorBytes: number): number {
    if (this.flightLongBytes === Infinity) return Infinity;
    const headroom = Math.max(smssBytes, HEADROOM * this.flightLongBytes);
    return Math.max(this.flightLongBytes - headroom, floorBytes);
  }

  save(): void {
    this.undoBwShort = this.bwShortBytesPerMs;
    this.undoFlightShort = this.flightShortBytes;
    this.undoFlightLong = this.flightLongBytes;
  }

  undo(): void {
    this.isLossInRound = false;
    this.bwShortBytesPerMs = Math.max(this.bwShortBytesPerMs, this.undoBwShort);
    this.flightShortBytes = Math.max(this.flightShortBytes, this.undoFlightShort);
    this.flightLongBytes = Math.max(this.flightLongBytes, this.undoFlightLong);
  }
}
