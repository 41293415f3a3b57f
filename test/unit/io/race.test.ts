import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { alternateFamilies, RaceLost, staggeredRace, type Attempt } from '../../../src/io/race.ts';

class Runner {
  startedAtMs = -1;
  isCancelled = false;
  succeed: (value: string) => void = () => undefined;
  fail: (error: Error) => void = () => undefined;

  start(): Attempt<string> {
    this.startedAtMs = Date.now();
    const outcome = new Promise<string>((resolve, reject) => {
      this.succeed = resolve;
      this.fail = reject;
    });
    return {
      outcome,
      cancel: () => {
        this.isCancelled = true;
      },
    };
  }
}

function runners(count: number): Runner[] {
  return Array.from({ length: count }, () => new Runner());
}

function race(entries: Runner[], signal?: AbortSignal): Promise<string> {
  const starters = entries.map((entry) => () => entry.start());
  return staggeredRace(starters, 250, signal);
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('staggeredRace', () => {
  it('starts attempts 250 ms apart, and the first to succeed wins', async () => {
    const entries = runners(3);
    const won = race(entries);
    await vi.advanceTimersByTimeAsync(499);
    expect(entries.map((entry) => entry.startedAtMs)).toEqual([0, 250, -1]);
    entries[1]?.succeed('second');
    expect(await won).toBe('second');
    expect(entries.map((entry) => entry.isCancelled)).toEqual([true, false, false]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(entries[2]?.startedAtMs).toBe(-1);
  });

  it('starts the next at once when the newest has failed', async () => {
    const entries = runners(3);
    const won = race(entries);
    await vi.advanceTimersByTimeAsync(100);
    entries[0]?.fail(new Error('no'));
    await vi.advanceTimersByTimeAsync(0);
    expect(entries[1]?.startedAtMs).toBe(100);
    await vi.advanceTimersByTimeAsync(250);
    expect(entries[2]?.startedAtMs).toBe(350);
    entries[1]?.fail(new Error('no'));
    entries[2]?.succeed('third');
    expect(await won).toBe('third');
  });

  it('is lost when all have failed, and tells why in their order', async () => {
    const entries = runners(2);
    const lost = race(entries).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(250);
    entries[1]?.fail(new Error('b'));
    await vi.advanceTimersByTimeAsync(0);
    entries[0]?.fail(new Error('a'));
    const error = await lost;
    expect(error).toBeInstanceOf(RaceLost);
    expect((error as RaceLost).errors.map(String)).toEqual(['Error: a', 'Error: b']);
  });

  it('is lost at once without attempts', async () => {
    await expect(race([])).rejects.toBeInstanceOf(RaceLost);
  });

  it('is given up by the signal, before and after the start', async () => {
    const controller = new AbortController();
    const entries = runners(2);
    const aborted = race(entries, controller.signal);
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    expect(entries[0]?.isCancelled).toBe(true);
    const late = runners(1);
    await expect(race(late, controller.signal)).rejects.toThrow('enough');
    expect(late[0]?.startedAtMs).toBe(-1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('alternateFamilies', () => {
  it('begins with the family of the first address', () => {
    const order = (families: number[]): number[] =>
      alternateFamilies(families.map((family) => ({ family }))).map((entry) => entry.family);
    expect(order([6, 6, 6, 4])).toEqual([6, 4, 6, 6]);
    expect(order([4, 4, 6, 6])).toEqual([4, 6, 4, 6]);
    expect(order([4])).toEqual([4]);
    expect(order([])).toEqual([]);
  });
});
