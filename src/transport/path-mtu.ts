/**
 * How large a datagram the path carries: DPLPMTUD (RFC 8899 §5) without a timer of its own.
 *
 * A connection starts with datagrams that nearly every path carries. Once one has arrived, padded
 * probes ask for more: the largest that both ends take first, since on most paths that is the
 * answer, and then, by halving, the sizes between what is known to pass and what is not. One lost
 * probe proves nothing where segments are lost too. Only transmissions tell anything here: a probe
 * is lost when something sent well after it has arrived (RFC 8899 §5.1.1, PROBE_TIMER).
 *
 * What no longer passes (a black hole) leaves the base size, and the search begins with the size
 * that failed: after a dark moment of the whole path it is back within a round trip.
 */
import { assert } from '../util/assert.ts';
import { MIN_SEGMENT_BYTES } from '../wire/layout.ts';

/**
 * Sizes of datagrams that are tried, ascending; the limit of the way is tried besides. 1,232 and
 * 1,372 are IPv6's least MTU and the usual one of tunnels, less 48 bytes; 1,432 to 1,472 fit into
 * 1,500 with less and less around them, 8,948 and 8,972 into 9,000; beyond is loopback.
 */
export const PATH_SIZES_BYTES: readonly number[] = [
  MIN_SEGMENT_BYTES,
  1_232,
  1_372,
  1_400,
  1_432,
  1_452,
  1_472,
  4_048,
  8_948,
  8_972,
  16_384,
  32_768,
  65_507,
];
/** Steps of fewer bytes are not worth a probe. */
const MIN_STEP_BYTES = 20;
/** RFC 8899 §5.1.2, MAX_PROBES: lost probes of one size that say it does not pass. */
export const PROBES_OF_A_SIZE = 3;
/** Where much is lost as many as it takes for chance to be this unlikely, up to the second. */
const CHANCE_OF_ERROR = 0.001;
export const PROBES_WHERE_LOSSY = 10;
/** RFC 8899 §5.1.1, PMTU_RAISE_TIMER: how long what did not pass is not tried again. */
export const RAISE_MS = 600_000;
/** A size that fails twice within this time, a probe arriving between, does not pass. */
const COOL_DOWN_MS = 60_000;
/** P-PART-02: timeouts of large segments, none arriving between, that say they never will. */
const BLACK_HOLE_TIMEOUTS = 3;
/** P-MTU-04: losses of a size that has never passed, while something small does. */
const UNPROVEN_LOSSES = 2;
/** Share of a round trip that "sent well after" means; for ways that reorder. */
const REORDERING_SHARE = 1 / 4;

/** What the newest arrivals say about a probe that is under way. */
export interface PathNews {
  /** When the newest transmission that has arrived was sent. */
  readonly deliveredSentMs: number;
  readonly srttMs: number;
  /** Share of segments that had to be sent again, 0 … 1. */
  readonly lossShare: number;
}

export class PathMtu {
  /** Largest datagram that is sent now; bytes. */
  segmentBytes = MIN_SEGMENT_BYTES;
  /** Size of the probe that is wanted, 0 for none. */
  wantedBytes = 0;
  /** Large segments are silent: it is to be asked whether something small passes. */
  isQuestionDue = false;
  /** Large segments that have arrived. */
  largeArrivals = 0;
  /** Those that were lost, and timeouts of some, since the last one arrived. */
  private largeLosses = 0;
  private largeTimeouts = 0;
  /** Datagrams of today's size, if above the base, are known to arrive. */
  private isProven = false;
  /** Ascending; empty without discovery. */
  private sizes: readonly number[] = [];
  /** Those of them of which it is not known whether they pass. */
  private open: readonly number[] = [];
  /** Sizes from here on do not pass. */
  private failedBytes = Infinity;
  /** The size that is asked about before any other, as it passed once; 0 for none. */
  private suspectBytes = 0;
  /** Lost probes of the wanted size. */
  private losses = 0;
  private probeSentMs = Infinity;
  /** What was sent before this transmission says nothing about the way as it is now. */
  private sinceTxn = -Infinity;
  private raiseAtMs = Infinity;
  /** The last size that failed, and when. */
  private holeBytes = 0;
  private holeAtMs = -Infinity;

  /**
   * A way begins, with datagrams of `startBytes`.
   * @param limitBytes what it may come to; with 0 the size only ever shrinks (P-PART-02)
   * @param txnNxt number of the next transmission
   */
  begin(startBytes: number, limitBytes: number, txnNxt: number): void {
    const isSearching = limitBytes >= MIN_SEGMENT_BYTES;
    this.segmentBytes = isSearching ? Math.min(startBytes, limitBytes) : startBytes;
    this.largeLosses = 0;
    this.largeTimeouts = 0;
    this.isQuestionDue = false;
    this.isProven = false;
    this.sizes = isSearching ? sizesUpTo(limitBytes, this.segmentBytes) : [];
    this.failedBytes = Infinity;
    this.suspectBytes = 0;
    this.holeBytes = 0;
    this.probeSentMs = Infinity;
    this.raiseAtMs = Infinity;
    this.sinceTxn = txnNxt;
    this.choose();
  }

  /** Whether nothing is known yet of the size that datagrams have. */
  get isUnproven(): boolean {
    return this.mayBeTooLarge && !this.isProven;
  }

  /** Whether there is a smaller size to go back to, and a search for a better one. */
  private get mayBeTooLarge(): boolean {
    return this.isDiscovering && this.segmentBytes > MIN_SEGMENT_BYTES;
  }

  private get isDiscovering(): boolean {
    return this.sizes.length > 0;
  }

  /** A datagram above the base size has arrived: the start was not too bold. */
  onLargeArrived(): void {
    this.isProven = true;
    this.largeArrivals += 1;
    this.largeLosses = 0;
    this.largeTimeouts = 0;
  }

  onLargeLost(): void {
    this.largeLosses += 1;
  }

  /** One or more of them timed out. */
  onLargeTimeout(): void {
    this.largeTimeouts += 1;
    this.doubt();
  }

  /** P-MTU-04: it may be the size that is wrong. */
  doubt(): void {
    if (this.mayBeTooLarge) this.isQuestionDue = true;
  }

  /** P-PART-02: whether timeouts alone say that large segments never arrive. */
  isSilent(lossShare: number): boolean {
    if (this.largeTimeouts < BLACK_HOLE_TIMEOUTS) return false;
    // A segment times out too when it arrived and its acknowledgement did not.
    const share = lossShare * (2 - lossShare);
    return !this.isDiscovering || this.largeTimeouts >= probesFor(share);
  }

  /** P-MTU-04: whether losses do, while something small that was sent after them has arrived. */
  isTooLarge(lossShare: number): boolean {
    return this.largeLosses >= (this.isProven ? probesFor(lossShare) : UNPROVEN_LOSSES);
  }

  get isProbeUnderWay(): boolean {
    return this.probeSentMs < Infinity;
  }

  /**
   * P-MTU-02: whether a probe of {@link wantedBytes} may leave now.
   * @param mostBytes a larger one must not: then another size is wanted, if there is one
   */
  isProbeDue(nowMs: number, mostBytes = Infinity): boolean {
    if (nowMs >= this.raiseAtMs) this.searchAgain();
    if (this.wantedBytes === 0 || this.isProbeUnderWay || this.isUnproven) return false;
    if (this.wantedBytes <= mostBytes) return true;
    // Asked for every datagram while a window is small.
    if (this.open[0]! > mostBytes) return false;
    this.want(this.open.filter((bytes) => bytes <= mostBytes).at(-1)!);
    return true;
  }

  onProbeSent(nowMs: number): void {
    assert(!this.isProbeUnderWay, 'one probe at a time');
    this.probeSentMs = nowMs;
  }

  /**
   * The probe `txn` of `bytes` has arrived, however late.
   * @returns whether datagrams are larger from now on
   */
  onProbeArrived(nowMs: number, txn: number, bytes: number): boolean {
    if (txn < this.sinceTxn || bytes <= this.segmentBytes) return false;
    this.segmentBytes = bytes;
    this.isProven = true;
    this.largeLosses = 0;
    this.largeTimeouts = 0;
    this.probeSentMs = Infinity;
    if (bytes >= this.suspectBytes) this.suspectBytes = 0;
    if (bytes >= this.failedBytes) this.failedBytes = Infinity;
    this.choose();
    this.rest(nowMs);
    return true;
  }

  /** P-MTU-03: whether the probe under way is lost, and what that says. */
  onNews(nowMs: number, news: PathNews): void {
    const { deliveredSentMs, srttMs, lossShare } = news;
    if (deliveredSentMs <= this.probeSentMs + srttMs * REORDERING_SHARE) return;
    this.probeSentMs = Infinity;
    this.losses += 1;
    if (this.losses < probesFor(lossShare)) return;
    this.failedBytes = Math.min(this.failedBytes, this.wantedBytes);
    this.suspectBytes = 0;
    this.choose();
    this.rest(nowMs);
  }

  /** P-MTU-04: large datagrams vanish while small ones may pass. */
  onBlackHole(nowMs: number, txnNxt: number): void {
    const failed = this.segmentBytes;
    this.sinceTxn = txnNxt;
    this.segmentBytes = Math.min(failed, MIN_SEGMENT_BYTES);
    this.isQuestionDue = false;
    this.isProven = false;
    this.largeLosses = 0;
    this.largeTimeouts = 0;
    this.probeSentMs = Infinity;
    if (!this.isDiscovering || failed <= MIN_SEGMENT_BYTES) return;
    // Its probe passed again and its segments did not: another one would prove as little.
    if (failed === this.holeBytes && nowMs - this.holeAtMs < COOL_DOWN_MS) {
      this.failedBytes = failed;
    } else this.suspectBytes = failed;
    this.holeBytes = failed;
    this.holeAtMs = nowMs;
    this.choose();
    this.rest(nowMs);
  }

  /** Nothing between what passes and what does not: until the raise timer there is no more. */
  private rest(nowMs: number): void {
    if (this.wantedBytes > 0) this.raiseAtMs = Infinity;
    else if (this.failedBytes < Infinity) this.raiseAtMs = nowMs + RAISE_MS;
  }

  /** P-MTU-05, RFC 8899 §5.1.1: the way may have become wider. */
  private searchAgain(): void {
    this.raiseAtMs = Infinity;
    this.failedBytes = Infinity;
    this.choose();
  }

  /** The suspect, else the largest of all, else the middle of what is neither known nor failed. */
  private choose(): void {
    const { segmentBytes, failedBytes, suspectBytes } = this;
    const open = this.sizes.filter((bytes) => bytes > segmentBytes && bytes < failedBytes);
    this.open = open;
    const at = failedBytes === Infinity ? open.length - 1 : open.length >> 1;
    this.want(open.includes(suspectBytes) ? suspectBytes : (open[at] ?? 0));
  }

  private want(bytes: number): void {
    this.wantedBytes = bytes;
    this.losses = 0;
  }
}

/** The sizes worth a probe where no datagram is larger than `limitBytes`; the start is one. */
function sizesUpTo(limitBytes: number, startBytes: number): readonly number[] {
  const below = PATH_SIZES_BYTES.filter((bytes) => bytes <= limitBytes - MIN_STEP_BYTES);
  return [...new Set([...below, startBytes, limitBytes])].sort((a, b) => a - b);
}

/** As many lost probes of one size as chance alone brings once in a thousand times. */
function probesFor(lossShare: number): number {
  let probes = 0;
  for (let chance = 1; chance > CHANCE_OF_ERROR && probes < PROBES_WHERE_LOSSY;) {
    chance *= lossShare;
    probes += 1;
  }
  return Math.max(PROBES_OF_A_SIZE, probes);
}
