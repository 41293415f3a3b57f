import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  PROBES_WHERE_LOSSY,
  PATH_SIZES_BYTES,
  PathMtu,
  RAISE_MS,
} from '../../../src/transport/path-mtu.ts';
import { SeededRandom } from '../../../src/util/random.ts';

const RTT_MS = 50;
const START_BYTES = 1_400;
/** A round trip has the one probe it may have; a search of every size ends well before. */
const ROUNDS = PATH_SIZES_BYTES.length * PROBES_WHERE_LOSSY;

const bytes = fc.oneof(
  fc.integer({ min: 1_200, max: 1_500 }),
  fc.integer({ min: 1_200, max: 65_507 }),
);

/** A way that may change its size and lose probes. */
class Way {
  readonly mtu = new PathMtu();
  readonly probes: number[] = [];
  nowMs = 0;
  wayBytes: number;
  private txn = 0;
  private readonly lossShare: number;
  private readonly isLost: () => boolean;

  constructor(wayBytes: number, limitBytes: number, lossShare = 0, isLost = () => false) {
    this.wayBytes = wayBytes;
    this.lossShare = lossShare;
    this.isLost = isLost;
    this.mtu.begin(START_BYTES, limitBytes, 0);
  }

  /** What the segments of today's size tell, then one probe if it is wanted. */
  round(): void {
    const { mtu } = this;
    if (mtu.segmentBytes > this.wayBytes) {
      mtu.onBlackHole(this.nowMs, this.txn);
    } else if (mtu.segmentBytes > 1_200) mtu.onLargeArrived();
    this.nowMs += RTT_MS;
    if (!mtu.isProbeDue(this.nowMs)) return;
    const sentMs = this.nowMs;
    const size = mtu.wantedBytes;
    expect(size).toBeGreaterThan(mtu.segmentBytes);
    mtu.onProbeSent(sentMs);
    this.txn += 1;
    this.nowMs += RTT_MS;
    this.probes.push(size);
    if (size <= this.wayBytes && !this.isLost()) mtu.onProbeArrived(this.nowMs, this.txn, size);
    const { lossShare } = this;
    mtu.onNews(this.nowMs, { deliveredSentMs: sentMs + RTT_MS, srttMs: RTT_MS, lossShare });
  }

  run(rounds = ROUNDS): number {
    for (let i = 0; i < rounds; i += 1) this.round();
    return this.mtu.segmentBytes;
  }
}

/** The largest size that is tried and passes. */
function best(wayBytes: number, limitBytes: number): number {
  if (limitBytes <= wayBytes) return limitBytes;
  const isTried = (size: number): boolean =>
    size <= limitBytes - 20 || size === Math.min(START_BYTES, limitBytes);
  const passing = PATH_SIZES_BYTES.filter((size) => size <= wayBytes && isTried(size));
  return passing.at(-1) ?? 1_200;
}

it('finds the best size of any way that loses nothing, and then falls silent', () => {
  fc.assert(
    fc.property(bytes, bytes, (wayBytes, limitBytes) => {
      const way = new Way(wayBytes, limitBytes);
      expect(way.run()).toBe(best(wayBytes, limitBytes));
      const sent = way.probes.length;
      // Three lost probes for each halving of thirteen sizes, and one that passes.
      expect(sent).toBeLessThanOrEqual(3 * 5 + 1);
      way.run();
      expect(way.probes.length).toBe(sent);
      expect(Math.max(0, ...way.probes)).toBeLessThanOrEqual(limitBytes);
    }),
  );
});

it('comes back to the best size whenever the way shrinks and grows', () => {
  const changes = fc.array(bytes, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(bytes, changes, (limitBytes, ways) => {
      const way = new Way(65_507, limitBytes);
      for (const wayBytes of ways) {
        way.wayBytes = wayBytes;
        way.run();
        way.nowMs += RAISE_MS;
        expect(way.run()).toBe(best(wayBytes, limitBytes));
      }
    }),
  );
});

it('finds the best size of ways that lose up to half of everything', () => {
  const loss = fc.double({ min: 0, max: 0.5, noNaN: true });
  fc.assert(
    fc.property(bytes, bytes, loss, fc.integer(), (wayBytes, limitBytes, lossShare, seed) => {
      const random = new SeededRandom(seed);
      const way = new Way(wayBytes, limitBytes, lossShare, () => random.chance(lossShare));
      // Chance may hide a size from one search, hardly from ten.
      for (let i = 0; i < 10; i += 1) {
        way.run();
        way.nowMs += RAISE_MS;
      }
      expect(way.mtu.segmentBytes).toBe(best(wayBytes, limitBytes));
    }),
  );
});
