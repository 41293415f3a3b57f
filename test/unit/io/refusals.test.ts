import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusals } from '../../../src/io/refusals.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

function watch(): { refusals: Refusals; believed: string[] } {
  const believed: string[] = [];
  return { refusals: new Refusals((code) => believed.push(`${code} ${Date.now()}`)), believed };
}

describe('port-unreachable', () => {
  it('is not believed once, however long nothing else comes', () => {
    const { refusals, believed } = watch();
    refusals.onError('ECONNREFUSED', 0);
    vi.advanceTimersByTime(60_000);
    expect(believed).toEqual([]);
  });

  it('is believed one second after the first when it repeats', () => {
    const { refusals, believed } = watch();
    refusals.onError('ECONNREFUSED', 0);
    vi.advanceTimersByTime(300);
    refusals.onError('ECONNREFUSED', 300);
    refusals.onError('ECONNREFUSED', 300);
    vi.advanceTimersByTime(10_000);
    expect(believed).toEqual(['ECONNREFUSED 1000']);
  });

  it('is believed at once when the repetition comes later than that', () => {
    const { refusals, believed } = watch();
    refusals.onError('EHOSTUNREACH', 0);
    vi.advanceTimersByTime(3_000);
    refusals.onError('EHOSTUNREACH', 3_000);
    vi.advanceTimersByTime(1);
    expect(believed).toEqual(['EHOSTUNREACH 3000']);
  });

  it('is not believed after the peer has answered, and other errors say nothing', () => {
    const { refusals, believed } = watch();
    refusals.onError('EMSGSIZE', 0);
    refusals.onError('EMSGSIZE', 0);
    refusals.onError('ECONNREFUSED', 0);
    refusals.onError('ECONNREFUSED', 0);
    refusals.stop();
    refusals.onError('ECONNREFUSED', 0);
    vi.advanceTimersByTime(10_000);
    expect(believed).toEqual([]);
  });
});
