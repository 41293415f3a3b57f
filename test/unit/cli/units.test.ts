import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatClock,
  formatDuration,
  formatRate,
  formatShare,
  parseDuration,
} from '../../../src/cli/units.ts';

describe('units', () => {
  it.each([
    ['30', 30_000],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['2 min', 120_000],
    ['250ms', 250],
    ['1h', 3_600_000],
    ['1D', 86_400_000],
    ['0', 0],
    ['', undefined],
    ['-5', undefined],
    ['5 years', undefined],
    ['s', undefined],
    ['1e3', undefined],
    ['9'.repeat(400), undefined],
  ])('reads the duration %j', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it('writes durations', () => {
    expect(
      [0, 250, 4310, 30_000, 125_000, 120_000, 12_000_000, 3_600_000, Infinity].map(formatDuration),
    ).toEqual([
      '0 ms',
      '250 ms',
      '4.31 s',
      '30 s',
      '2 min 5 s',
      '2 min',
      '3 h 20 min',
      '1 h',
      'for ever',
    ]);
  });

  it('writes sizes, rates, clocks and shares', () => {
    expect([0, 1023, 1024, 145_361_749, 2 ** 62].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.0 KiB',
      '138.6 MiB',
      '4096.0 PiB',
    ]);
    expect(formatRate(2048)).toBe('2.0 KiB/s');
    expect([undefined, Infinity, 5, 65, 7389].map(formatClock)).toEqual([
      '--',
      '--',
      '0:05',
      '1:05',
      '2:03:09',
    ]);
    expect(formatShare(0.0123)).toBe('1.2 %');
  });
});
