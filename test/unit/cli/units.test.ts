import { describe, expect, it } from 'vitest';
import {
  formatBitRate,
  formatBytes,
  formatClock,
  formatDuration,
  formatRate,
  formatShare,
  parseBitRate,
  parseBytes,
  parseDuration,
  parseShare,
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

  it.each([
    ['1500', 1_500],
    ['256KB', 256_000],
    ['256 KiB', 262_144],
    ['1.5MiB', 1_572_864],
    ['50mb', 50_000_000],
    ['2GB', 2e9],
    ['12 apples', undefined],
    ['-1', undefined],
    ['9'.repeat(20), undefined],
  ])('reads the size %j', (text, expected) => {
    expect(parseBytes(text)).toBe(expected);
  });

  it.each([
    ['100Mbit', 100e6],
    ['100 Mbit/s', 100e6],
    ['1.5Gbit', 1.5e9],
    ['100Mbps', undefined],
    ['12.5MB', 100e6],
    ['12.5MB/s', 100e6],
    ['0', 0],
    ['100', undefined],
    ['100M', undefined],
  ])('reads the rate %j', (text, expected) => {
    expect(parseBitRate(text)).toBe(expected);
  });

  it.each([
    ['1%', 0.01],
    ['0.5 %', 0.005],
    ['0.25', 0.25],
    ['100%', 1],
    ['101%', undefined],
    ['2', undefined],
    ['%', undefined],
  ])('reads the share %j', (text, expected) => {
    expect(parseShare(text)).toBe(expected);
  });

  it.each([
    [155e6, '155 Mbit/s'],
    [1.5e9, '1.5 Gbit/s'],
    [800, '800 bit/s'],
  ])('writes the rate %d', (rate, expected) => {
    expect(formatBitRate(rate)).toBe(expected);
  });
});
