import { describe, expect, it } from 'vitest';
import {
  PROBES_OF_A_SIZE,
  PROBES_WHERE_LOSSY,
  PATH_SIZES_BYTES,
  PathMtu,
  RAISE_MS,
} from '../../../src/transport/path-mtu.ts';

const RTT_MS = 100;

/** A search over a way that takes datagrams up to `wayBytes`, one probe a round trip. */
class Search {
  readonly mtu = new PathMtu();
  readonly probes: number[] = [];
  nowMs = 0;
  lossShare = 0;
  txn = 0;
  wayBytes: number;

  constructor(wayBytes: number, limitBytes = wayBytes, startBytes = 1_400) {
    this.wayBytes = wayBytes;
    this.mtu.begin(startBytes, limitBytes, 0);
    if (startBytes <= wayBytes) this.mtu.onLargeArrived();
  }

  /** One round trip; true when it had a probe. */
  round(isLost = false): boolean {
    const { mtu } = this;
    const sentMs = this.nowMs;
    if (!mtu.isProbeDue(sentMs)) return false;
    const bytes = mtu.wantedBytes;
    this.probes.push(bytes);
    mtu.onProbeSent(sentMs);
    this.txn += 2;
    this.nowMs += RTT_MS;
    if (bytes <= this.wayBytes && !isLost) mtu.onProbeArrived(this.nowMs, this.txn, bytes);
    this.tell(sentMs + RTT_MS / 2);
    return true;
  }

  tell(deliveredSentMs: number): void {
    const { nowMs, lossShare } = this;
    this.mtu.onNews(nowMs, { deliveredSentMs, srttMs: RTT_MS, lossShare });
  }

  /** Until no probe is wanted. */
  run(): number {
    while (this.round());
    return this.mtu.segmentBytes;
  }
}

function times(bytes: number, count = PROBES_OF_A_SIZE): number[] {
  return Array.from({ length: count }, () => bytes);
}

describe('the sizes that are tried', () => {
  it('begin with the base size and ascend to the largest datagram there is', () => {
    expect(PATH_SIZES_BYTES[0]).toBe(1_200);
    expect(PATH_SIZES_BYTES.at(-1)).toBe(65_507);
    expect([...PATH_SIZES_BYTES].sort((a, b) => a - b)).toEqual(PATH_SIZES_BYTES);
  });
});

describe('a search for the size of a path', () => {
  it('P-MTU-02 asks for the largest size that both ends take first', () => {
    const search = new Search(1_472);
    expect(search.run()).toBe(1_472);
    expect(search.probes).toEqual([1_472]);
  });

  it('P-MTU-02 halves what is left when that does not pass', () => {
    const search = new Search(1_452, 8_972);
    expect(search.run()).toBe(1_452);
    expect(search.probes).toEqual([...times(8_972), ...times(1_472), 1_452]);
    const none = new Search(1_410, 1_472);
    expect(none.run()).toBe(1_400);
    expect(none.probes).toEqual([...times(1_472), ...times(1_452), ...times(1_432)]);
  });

  it('P-MTU-02 asks for less while no more than that may be in flight', () => {
    const { mtu } = new Search(8_972);
    expect(mtu.isProbeDue(0, 1_431)).toBe(false);
    expect([mtu.isProbeDue(0, 8_971), mtu.wantedBytes]).toEqual([true, 8_948]);
    expect([mtu.isProbeDue(0, 1_500), mtu.wantedBytes]).toEqual([true, 1_472]);
    mtu.onProbeSent(0);
    mtu.onProbeArrived(1, 0, 1_472);
    expect([mtu.isProbeDue(1), mtu.wantedBytes]).toEqual([true, 8_972]);
  });

  it('tries no size above the limit, and the limit itself', () => {
    const search = new Search(65_507, 8_952);
    expect(search.run()).toBe(8_952);
    const between = new Search(1_465, 1_465);
    expect(between.run()).toBe(1_465);
    // 1,472 is 12 bytes above 1,460: not worth a probe.
    expect(new Search(1_460, 1_472).run()).toBe(1_452);
  });

  it('starts with the limit where that is smaller than the usual start', () => {
    expect(new Search(1_392, 1_392).mtu.segmentBytes).toBe(1_392);
    expect(new Search(1_392, 1_392).round()).toBe(false);
  });

  it('does nothing without a limit', () => {
    const search = new Search(9_000, 0);
    expect([search.round(), search.mtu.segmentBytes]).toEqual([false, 1_400]);
    search.mtu.onBlackHole(0, 1);
    expect([search.round(), search.mtu.segmentBytes]).toEqual([false, 1_200]);
  });

  it('waits until a datagram of the start has arrived', () => {
    const mtu = new PathMtu();
    mtu.begin(1_400, 1_472, 0);
    expect([mtu.isUnproven, mtu.isProbeDue(0)]).toEqual([true, false]);
    mtu.onLargeArrived();
    expect([mtu.isUnproven, mtu.isProbeDue(0)]).toEqual([false, true]);
  });

  it('has one probe under way', () => {
    const { mtu } = new Search(1_472);
    mtu.onProbeSent(0);
    expect(mtu.isProbeDue(10)).toBe(false);
    expect(() => mtu.onProbeSent(10)).toThrow('one probe at a time');
  });
});

describe('lost probes', () => {
  it('P-MTU-03 are lost when something sent well after them has arrived', () => {
    const search = new Search(1_472);
    search.mtu.onProbeSent(0);
    search.nowMs = 500;
    search.tell(25);
    expect(search.mtu.isProbeDue(500)).toBe(false);
    search.tell(26);
    expect(search.mtu.isProbeDue(500)).toBe(true);
  });

  it('P-MTU-03 one is not a limit, and two are not', () => {
    const search = new Search(1_472);
    expect([search.round(true), search.round(true)]).toEqual([true, true]);
    expect(search.run()).toBe(1_472);
    expect(search.probes).toEqual(times(1_472));
  });

  it('P-MTU-03 are more where much is lost, and never without end', () => {
    const lossy = new Search(1_400, 1_432);
    lossy.lossShare = 0.2;
    lossy.run();
    expect(lossy.probes).toEqual(times(1_432, 5));
    const worst = new Search(1_400, 1_432);
    worst.lossShare = 1;
    worst.run();
    expect(worst.probes).toEqual(times(1_432, PROBES_WHERE_LOSSY));
  });

  it('count after all when they only come late', () => {
    const search = new Search(1_400, 1_472);
    search.run();
    expect(search.mtu.segmentBytes).toBe(1_400);
    expect(search.mtu.onProbeArrived(search.nowMs, 2, 1_472)).toBe(true);
    expect(search.mtu.segmentBytes).toBe(1_472);
    expect(search.mtu.onProbeArrived(search.nowMs, 8, 1_452)).toBe(false);
    expect(search.mtu.segmentBytes).toBe(1_472);
  });
});

describe('the raise timer', () => {
  it('P-MTU-05 has what did not pass tried again after ten minutes', () => {
    const search = new Search(1_452, 1_472);
    search.run();
    const doneMs = search.nowMs;
    search.probes.length = 0;
    search.nowMs = doneMs + RAISE_MS - 1;
    expect(search.round()).toBe(false);
    search.nowMs = doneMs + RAISE_MS;
    search.wayBytes = 1_472;
    expect(search.run()).toBe(1_472);
    expect(search.probes).toEqual([1_472]);
  });

  it('P-MTU-05 is not needed at the limit', () => {
    const search = new Search(1_472);
    search.run();
    search.nowMs += 2 * RAISE_MS;
    expect(search.round()).toBe(false);
  });
});

describe('a black hole', () => {
  it('P-PART-02 is three timeouts of large segments with none arriving in between', () => {
    const { mtu } = new Search(1_472);
    mtu.onLargeTimeout();
    mtu.onLargeTimeout();
    mtu.onLargeArrived();
    mtu.onLargeTimeout();
    mtu.onLargeTimeout();
    expect(mtu.isSilent(0)).toBe(false);
    mtu.onLargeTimeout();
    expect(mtu.isSilent(0)).toBe(true);
    mtu.onBlackHole(0, 0);
    expect([mtu.isSilent(0), mtu.segmentBytes]).toEqual([false, 1_200]);
  });

  it('P-PART-02 P-MTU-04 is more of them where much is lost, if there is a way back', () => {
    const { mtu } = new Search(1_472);
    const plain = new Search(1_472, 0).mtu;
    for (const each of [mtu, plain]) for (let i = 0; i < 3; i += 1) each.onLargeTimeout();
    expect([mtu.isSilent(0.2), plain.isSilent(0.2)]).toEqual([false, true]);
    for (let i = 0; i < 3; i += 1) mtu.onLargeTimeout();
    // An acknowledgement may be lost as well: 0.36, seven times.
    expect(mtu.isSilent(0.2)).toBe(false);
    mtu.onLargeTimeout();
    expect(mtu.isSilent(0.2)).toBe(true);
  });

  it('P-MTU-04 is told by losses too, when something small has passed', () => {
    const { mtu } = new Search(1_472);
    const lose = (count: number): void => {
      for (let i = 0; i < count; i += 1) mtu.onLargeLost();
    };
    lose(2);
    expect(mtu.isTooLarge(0)).toBe(false);
    lose(1);
    expect([mtu.isTooLarge(0), mtu.isTooLarge(0.2)]).toEqual([true, false]);
    lose(2);
    expect(mtu.isTooLarge(0.2)).toBe(true);
    mtu.onLargeArrived();
    expect(mtu.isTooLarge(0)).toBe(false);
    const unproven = new Search(1_300, 1_472).mtu;
    unproven.onLargeLost();
    expect(unproven.isTooLarge(0)).toBe(false);
    unproven.onLargeLost();
    expect(unproven.isTooLarge(0.5)).toBe(true);
  });

  it('P-MTU-04 leaves the base size and asks for the size that failed first', () => {
    const search = new Search(1_472);
    search.run();
    search.nowMs += RAISE_MS;
    search.mtu.onBlackHole(search.nowMs, search.txn);
    expect(search.mtu.segmentBytes).toBe(1_200);
    expect(search.run()).toBe(1_472);
    expect(search.probes).toEqual([1_472, 1_472]);
  });

  it('P-MTU-04 has the sizes below tried when the way has shrunk', () => {
    const search = new Search(1_452);
    search.run();
    search.nowMs += RAISE_MS;
    search.wayBytes = 1_300;
    search.probes.length = 0;
    search.mtu.onBlackHole(search.nowMs, search.txn);
    expect(search.run()).toBe(1_232);
    expect(search.probes).toEqual([...times(1_452), ...times(1_400), ...times(1_372), 1_232]);
  });

  it('P-MTU-04 twice within a minute, a probe arriving between, is taken at its word', () => {
    const search = new Search(1_472);
    search.run();
    search.mtu.onBlackHole(search.nowMs, search.txn);
    expect(search.run()).toBe(1_472);
    search.probes.length = 0;
    search.mtu.onBlackHole(search.nowMs + 50_000, search.txn);
    expect(search.run()).toBe(1_452);
    expect(search.probes).not.toContain(1_472);
    search.nowMs += RAISE_MS;
    expect(search.run()).toBe(1_472);
  });

  it('P-MTU-04 of the start, which never passed, is one of its own', () => {
    const search = new Search(1_300, 1_472);
    expect(search.mtu.isUnproven).toBe(true);
    search.mtu.onBlackHole(0, 0);
    expect([search.mtu.segmentBytes, search.mtu.isUnproven]).toEqual([1_200, false]);
    expect(search.run()).toBe(1_232);
    expect(search.probes).toEqual([...times(1_400), ...times(1_372), 1_232]);
  });

  it('makes what was sent before it worth nothing', () => {
    const search = new Search(1_452, 1_472);
    search.mtu.onBlackHole(0, 100);
    expect(search.mtu.onProbeArrived(0, 99, 1_472)).toBe(false);
    expect(search.mtu.onProbeArrived(0, 100, 1_472)).toBe(true);
  });

  it('changes nothing at the base size', () => {
    const search = new Search(1_200, 1_200);
    search.mtu.onBlackHole(0, 0);
    expect([search.mtu.segmentBytes, search.round()]).toEqual([1_200, false]);
  });
});

describe('another way', () => {
  it('P-MTU-06 begins anew, with its own limit', () => {
    const search = new Search(8_972);
    search.run();
    search.mtu.begin(1_400, 1_452, 10);
    search.wayBytes = 1_452;
    search.txn = 10;
    expect([search.mtu.segmentBytes, search.mtu.isUnproven]).toEqual([1_400, true]);
    expect(search.mtu.onProbeArrived(0, 9, 8_972)).toBe(false);
    search.mtu.onLargeArrived();
    expect(search.run()).toBe(1_452);
  });
});
