import { describe, expect, it } from 'vitest';
import { distrust, figuresOf, median, rowOf } from '../../../../src/cli/bench/figures.ts';
import { PLAIN_LINK } from '../../../../src/cli/bench/link-spec.ts';
import { tableText, runLine, significant } from '../../../../src/cli/bench/table.ts';
import { madeUpRun } from './runs.ts';

describe('figures of a run', () => {
  it('are shares and ratios of what was measured', () => {
    const figures = figuresOf(madeUpRun());
    expect(figures.goodputMbps).toBe(8);
    expect(figures.retransmittedShare).toBe(0.01);
    expect(figures.wireRatio).toBeCloseTo(1.1, 9);
    expect(figures.rttInflation).toBeCloseTo(1.25, 9);
    expect(figures.cpuSecondsPerGB).toBeCloseTo(10, 9);
    expect(figures.ceilingShare).toBeCloseTo(8 / (figures.ceilingMbps ?? NaN), 9);
  });

  it('are missing where they would mean nothing', () => {
    const nothing = figuresOf(madeUpRun({ bytes: 0, cpuSeconds: undefined, srttMs: undefined }));
    expect(nothing).toMatchObject({ goodputMbps: 0, wireRatio: undefined });
    expect(nothing.cpuSecondsPerGB).toBeUndefined();
    const open = { ...PLAIN_LINK, rateBitsPerSecond: 0, rttMs: 0 };
    const unlimited = figuresOf(madeUpRun({}, { link: open }));
    expect(unlimited.ceilingShare).toBeUndefined();
    expect(unlimited.rttInflation).toBeUndefined();
  });
});

describe('a row', () => {
  it('has the median of each figure by itself', () => {
    const runs = [
      madeUpRun({ seconds: 1, segmentsRetransmitted: 80 }),
      madeUpRun({ seconds: 4, segmentsRetransmitted: 0, isComplete: false }),
      madeUpRun({ seconds: 2, segmentsRetransmitted: 8 }),
    ] as const;
    const row = rowOf('here', runs);
    expect(row.median.goodputMbps).toBe(4);
    expect(row.median.retransmittedShare).toBe(0.01);
    expect(row.cutRuns).toBe(1);
  });

  it.each([
    [[], undefined],
    [[3], 3],
    [[1, 4], 2.5],
    [[9, 1, 5], 5],
  ])('takes the middle of %j', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

const GOOD = {
  medianLateMs: 0.1,
  p99LateMs: 1,
  mostLateMs: 30,
  busyShare: 0.8,
  kernelDrops: 0,
  overruns: 0,
};

/** What speaks against a run with such an emulator over such a link. */
function doubts(emulator: object, link: object = {}, srttMs = 25): string[] {
  const order = { link: { ...PLAIN_LINK, ...link } };
  return distrust(madeUpRun({ emulator: { ...GOOD, ...emulator }, srttMs }, order));
}

describe('trust in figures of real time', () => {
  it('is there while the emulator keeps its time', () => {
    expect(doubts({})).toEqual([]);
    expect(doubts({ kernelDrops: null })).toEqual([]);
    expect(doubts({ p99LateMs: 9 }, { rttMs: 200 })).toEqual([]);
    expect(distrust(madeUpRun())).toEqual([]);
  });

  it.each([
    [{ p99LateMs: 2.5 }, /2\.5 ms late/],
    [{ busyShare: 0.93 }, /busy for 93 % of the time/],
    [{ kernelDrops: 7 }, /kernel dropped 7/],
    [{ overruns: 3 }, /3 datagrams found a full socket/],
  ])('ends with %j', (change, expected) => {
    const [reason, ...others] = doubts(change);
    expect(reason).toMatch(expected);
    expect(others).toEqual([]);
  });

  it('ends where round trips are longer than link and queue can make them', () => {
    // 262 kB at 100 Mbit/s are 21 ms, each way.
    expect(doubts({}, {}, 91)).toEqual([]);
    expect(doubts({}, {}, 93)).toEqual([expect.stringMatching(/took 93 ms, which link and queue/)]);
    expect(doubts({}, { jitterMs: 5, reorder: 0.01 }, 121)).toEqual([]);
    expect(doubts({}, { rateBitsPerSecond: 0 }, 5_000)).toEqual([]);
  });
});

describe('the table', () => {
  const rows = [
    rowOf('near', [madeUpRun()]),
    rowOf('far', [madeUpRun({ seconds: 30, isComplete: false }, { controller: 'founding' })]),
  ];

  it('has a line for each row, and shows which were cut', () => {
    const text = tableText(rows, { isSimulated: false, limitMs: 30_000, runs: 1 });
    const lines = text.split('\n');
    expect(lines).toContainEqual(
      expect.stringMatching(/^near {2}newreno +8\.00 +\d+\.\d % +1\.00 % +1\.100 +x 1\.25 +10\.0$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^far .*founding.* 1 of 1 cut at 30 s$/));
    expect(lines.every((line) => line === line.trimEnd() && line.length <= 110)).toBe(true);
  });

  it('knows no processor time in virtual time', () => {
    const text = tableText(rows, { isSimulated: true, limitMs: 30_000, runs: 3 });
    expect(text).not.toMatch(/CPU/);
    expect(text).toMatch(/Virtual time.*Medians of 3 runs\./);
  });

  it('says of each run what it came to', () => {
    expect(runLine(rows[0]!, 'a')).toMatch(/^a: 8\.00 Mbit\/s, [\d.]+ % of the ceiling$/);
    expect(runLine(rows[1]!, 'b')).toMatch(/, cut off$/);
  });

  it.each([
    [155.4, '155'],
    [15.54, '15.5'],
    [1.554, '1.55'],
    [0.1554, '0.155'],
  ])('shows %d with three digits', (value, expected) => {
    expect(significant(value)).toBe(expected);
  });
});
