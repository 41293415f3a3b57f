import { describe, expect, it } from 'vitest';
import { BenchProgress, progressLine } from '../../../../src/cli/bench/bench-progress.ts';
import type { PlannedRun } from '../../../../src/cli/bench/plan.ts';
import { Output } from '../../../../src/cli/output.ts';
import { madeUpRun } from './runs.ts';

const RUN: PlannedRun = { linkName: 'wifi', number: 1, order: madeUpRun().order };

function show(isTTY: boolean, columns = 80, isQuiet = false): { screen: string; said: string } {
  const [screen, said] = [[] as string[], [] as string[]];
  const sink = (lines: string[]) => ({ write: (text: string) => lines.push(text) });
  const options = { json: false, quiet: isQuiet, verbose: 0, isStdoutTaken: false };
  const output = new Output(options, sink([]), sink(said));
  const style = isTTY ? 'bar' : 'auto';
  const progress = new BenchProgress(2, style, output, { ...sink(screen), isTTY, columns });
  progress.begin(RUN);
  progress.show(RUN, 500_000, 500);
  progress.end(RUN, madeUpRun());
  return { screen: screen.join(''), said: said.join('') };
}

describe('the progress of a bench', () => {
  it('is a line that is redrawn on a terminal, and wiped before the result is told', () => {
    const { screen, said } = show(true);
    expect(screen).toMatch(/^\r\u001b\[K1\/2 wifi newreno seed 1 \[-+\] +0 % {2}0 Mbit\/s/);
    expect(screen.endsWith('\r\u001b[K')).toBe(true);
    expect(said).toMatch(/^1\/2 wifi newreno seed 1: 8\.00 Mbit\/s, .*\n$/);
  });

  it('is a line a run elsewhere, and nothing for who wants to hear nothing', () => {
    expect(show(false)).toEqual({ screen: '', said: show(true).said });
    expect(show(true, 80, true)).toEqual({ screen: '', said: '' });
  });

  it('knows what to do on a terminal of unknown size', () => {
    expect(show(true, 0).screen).toEqual(show(true, 80).screen);
  });

  it.each([
    [80, 'name [############------------]  50 %  8.00 Mbit/s'],
    [36, 'name [#####----]  50 %  8.00 Mbit/s'],
    [30, 'name  50 %  8.00 Mbit/s'],
    [12, 'name  50 % '],
  ])('fits into %d columns', (columns, expected) => {
    expect(progressLine('name', 500_000, 500, 1_000_000, columns)).toBe(expected);
  });
});
