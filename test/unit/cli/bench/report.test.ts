import { describe, expect, it } from 'vitest';
import { rowOf } from '../../../../src/cli/bench/figures.ts';
import { axisBetween, axisTo, BYTE_UNITS, unitFor } from '../../../../src/cli/bench/report/axis.ts';
import { reportPage } from '../../../../src/cli/bench/report/page.ts';
import type { ReportInput } from '../../../../src/cli/bench/report/page.ts';
import { thinCurve, thinMarks } from '../../../../src/cli/bench/report/thin.ts';
import { madeUpRun, PICTURES } from './runs.ts';

describe('thinning', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => index);
  const curve = { xs: many, ys: many.map((x) => (x === 5_123 ? 99 : x === 7_777 ? -99 : 0)) };

  it('keeps both ends and every peak of a curve', () => {
    const { xs, ys } = thinCurve(curve, 200);
    expect(xs.length).toBeLessThanOrEqual(200);
    expect([xs[0], xs.at(-1)]).toEqual([0, 9_999]);
    expect(ys[xs.indexOf(5_123)]).toBe(99);
    expect(ys[xs.indexOf(7_777)]).toBe(-99);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
  });

  it('leaves a short curve as it is, and what is not finite out of any', () => {
    const short = { xs: [1, 2, 3], ys: [4, 5, 6] };
    expect(thinCurve(short, 3)).toEqual(short);
    expect(thinCurve({ xs: [1, 2, 3], ys: [Infinity, NaN, 6] }, 9)).toEqual({ xs: [3], ys: [6] });
    expect(thinCurve({ xs: [], ys: [] }, 9)).toEqual({ xs: [], ys: [] });
    const still = { xs: [1, 1, 1, 1, 1], ys: [3, 1, 2, 9, 4] };
    expect(thinCurve(still, 4)).toEqual({ xs: [1, 1, 1, 1], ys: [3, 1, 9, 4] });
  });

  it('takes marks evenly, the first and the last included', () => {
    const { xs } = thinMarks(curve, 101);
    expect(xs).toHaveLength(101);
    expect([xs[0], xs[1], xs[50], xs[100]]).toEqual([0, 100, 5_000, 9_999]);
    expect(thinMarks(curve, 20_000)).toBe(curve);
  });
});

describe('an axis', () => {
  it.each([
    [77.1, 8, [0, 10, 20, 30, 40, 50, 60, 70, 80], 0],
    [0.9, 5, [0, 0.2, 0.4, 0.6, 0.8, 1], 1],
    [4, 4, [0, 1, 2, 3, 4], 0],
    [0, 2, [0, 0.5, 1], 1],
    [12_345, 3, [0, 5_000, 10_000, 15_000], 0],
    [0.07, 7, [0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07], 2],
  ])('to %d in about %d steps has round numbers', (most, count, ticks, digits) => {
    expect(axisTo(most, count)).toEqual({ from: 0, top: ticks.at(-1), ticks, digits });
  });

  it('of time ends with the time', () => {
    const ticks = [0, 1, 2, 3, 4];
    expect(axisBetween(0, 4.6, 5)).toEqual({ from: 0, top: 4.6, ticks, digits: 0 });
  });

  it('may begin anywhere', () => {
    const ticks = [0.1, 0.12, 0.14, 0.16];
    expect(axisBetween(0.093, 0.161, 4)).toEqual({ from: 0.093, top: 0.161, ticks, digits: 2 });
    expect(axisBetween(7, 7, 2)).toEqual({ from: 7, top: 8, ticks: [7, 7.5, 8], digits: 1 });
  });

  it('has the unit that suits it', () => {
    expect([900, 5_000, 7e6].map((most) => unitFor(most, BYTE_UNITS).name)).toEqual([
      'bytes',
      'kB',
      'MB',
    ]);
    expect(unitFor(0, BYTE_UNITS).name).toBe('bytes');
  });
});

const OPTIONS = { isSimulated: false, limitMs: 30_000, runs: 2 };

function input(rows = 2, runs = 2): ReportInput {
  return {
    rows: Array.from({ length: rows }, (_, index) => {
      const order = { controller: index % 2 === 0 ? 'newreno' : 'founding' } as const;
      const more = Array.from({ length: runs - 1 }, () => madeUpRun({}, order));
      return rowOf(`link ${index}`, [madeUpRun({}, order), ...more]);
    }),
    options: OPTIONS,
    warnings: [],
    about: 'a test',
  };
}

/** Tags that are open at the end, and closing ones that closed nothing. */
function unbalanced(markup: string): string[] {
  const open: string[] = [];
  const body = markup.slice(markup.indexOf('<body>'), markup.indexOf('</html>'));
  for (const [tag, slash, name = '', end] of body.matchAll(/<(\/?)([a-z]\w*)[^<>]*?(\/?)>/gi)) {
    if (slash === '' && end === '') open.push(name);
    else if (slash === '/' && open.pop() !== name) return [tag];
  }
  return open;
}

describe('the report', () => {
  it('needs nothing but itself, and forbids itself to ask for more', () => {
    const page = reportPage(input());
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/https?:|src=|href=|<script|<link|@import|url\((?!#)/);
  });

  it('is well formed, and calls no two things by one id', () => {
    const page = reportPage(input());
    expect(unbalanced(page)).toEqual([]);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(30);
  });

  it('names every picture and both of its axes', () => {
    const page = reportPage(input(1, 1));
    const pictures = [...page.matchAll(/<svg [^>]*role="img" aria-labelledby="(\S+) (\S+)"/g)];
    expect(pictures).toHaveLength(5);
    for (const [, title, description] of pictures) {
      expect(page).toMatch(new RegExp(`<title id="${title}">[^<]+</title>`));
      expect(page).toMatch(new RegExp(`<desc id="${description}">[^<]+</desc>`));
    }
    expect(page).toContain('1,000 segments sent, 20 sent again, 20 lost on the link');
    expect(page.match(/time since the first datagram, s/g)).toHaveLength(4);
    for (const unit of ['segments', 'kB', 'ms', 'goodput, Mbit/s']) {
      expect(page).toContain(`>${unit}</text>`);
    }
  });

  it('opens the middle run of each row, and only that', () => {
    const page = reportPage(input(3, 3));
    expect(page.match(/<details/g)).toHaveLength(9);
    expect(page.match(/<details open/g)).toHaveLength(3);
  });

  it('stays small, however many runs there were', () => {
    expect(reportPage(input(1, 1)).length).toBeLessThan(200_000);
    const huge = reportPage(input(10, 15));
    expect(huge.match(/<details/g)).toHaveLength(150);
    expect(huge.length).toBeLessThan(6_000_000);
  });

  it('leaves out the pictures of runs that kept none', () => {
    const bare = madeUpRun({ pictures: undefined });
    const page = reportPage({ ...input(), rows: [rowOf('many', [madeUpRun(), bare, bare])] });
    expect(page.match(/<details open/g)).toHaveLength(1);
    expect(page.match(/<details/g)).toHaveLength(1);
    expect(page.match(/class="single"/g)).toHaveLength(3);
  });

  it('shows warnings, and writes out what could be taken for markup', () => {
    const page = reportPage({ ...input(), warnings: ['<b> & "late"'] });
    expect(page).toContain('<li>&lt;b&gt; &amp; &quot;late&quot;</li>');
    expect(reportPage(input())).not.toContain('class="warn"');
  });

  it('shows the first loss close up, where there was one', () => {
    const page = reportPage(input(1, 1));
    expect(page).toContain('The first loss, close up');
    expect(page).toContain('From 0 to 81 ms, segments 0 to 8.');
    const { curves, plots } = PICTURES;
    const none = { ms: [], segments: [], count: 0 };
    const run = madeUpRun({
      pictures: { curves, plots: { ...plots, firstLoss: { ...plots.firstLoss, lost: none } } },
    });
    expect(reportPage({ ...input(), rows: [rowOf('calm', [run])] })).not.toContain('close up');
  });

  it('can show a run in which nothing ever arrived', () => {
    const nothing = { ms: [], values: [] };
    const none = { ms: [], segments: [], count: 0 };
    const kinds = { sent: none, sentAgain: none, lost: none, acknowledged: none };
    const run = madeUpRun({
      bytes: 0,
      isComplete: false,
      pictures: {
        curves: {
          cwndBytes: nothing,
          ssthreshBytes: nothing,
          flightSizeBytes: nothing,
          srttMs: nothing,
        },
        plots: { ...kinds, firstLoss: kinds },
      },
    });
    const page = reportPage({ ...input(), rows: [rowOf('dark', [run])] });
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(page).toContain('0.000 Mbit/s');
  });
});
