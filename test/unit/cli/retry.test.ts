import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Output } from '../../../src/cli/output.ts';
import { withRetries } from '../../../src/cli/retry.ts';
import type { Attempt } from '../../../src/cli/retry.ts';
import { EXIT, LftpError } from '../../../src/service/error.ts';

const MINUTE_MS = 60_000;
let lines: string[] = [];
let waited: number[] = [];
let nowMs = 0;

vi.mock('node:timers/promises', () => ({
  setTimeout: (waitMs: number) => {
    waited.push(waitMs);
    nowMs += waitMs;
    return Promise.resolve();
  },
}));

beforeEach(() => {
  lines = [];
  waited = [];
  nowMs = 0;
});

afterEach(() => {
  vi.restoreAllMocks();
});

function run(
  attempt: (watch: Attempt, number: number) => number | undefined,
  retryTimeMs = 15 * MINUTE_MS,
  signal = new AbortController().signal,
): Promise<string> {
  const sink = { write: (text: string) => lines.push(text) };
  const options = { json: true, quiet: false, verbose: 0, isStdoutTaken: false };
  const output = new Output(options, sink, { write: () => undefined }, () => nowMs);
  let number = 0;
  return withRetries({ output, signal, retryTimeMs, nowMs: () => nowMs }, (watch) => {
    number += 1;
    const code = attempt(watch, number);
    if (code === undefined) return Promise.resolve('done');
    return Promise.reject(new LftpError(code, 'remote', 'it broke'));
  });
}

describe('a connection that broke off', () => {
  it('is tried again after 1, 2, 4 … 30 s', async () => {
    const ended = run((watch, number) => {
      if (number === 1) watch.onOpen();
      return number < 9 ? (number === 1 ? EXIT.SILENT : EXIT.NO_ANSWER) : undefined;
    });
    expect(await ended).toBe('done');
    expect(waited).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    const [first] = lines.map((line) => JSON.parse(line) as unknown);
    expect(first).toMatchObject({ event: 'retry', attempt: 1, waitSeconds: 1, code: 17 });
  });

  it('begins the waits anew when bytes moved', async () => {
    await run((watch, number) => {
      watch.onOpen();
      if (number === 4) watch.onBytes();
      return number < 6 ? EXIT.SILENT : undefined;
    });
    expect(waited).toEqual([1000, 2000, 4000, 1000, 2000]);
  });

  it('is given up when no byte has moved for the time allowed, with 5', async () => {
    const ended = run((watch) => {
      watch.onOpen();
      return EXIT.SILENT;
    }, MINUTE_MS);
    await expect(ended).rejects.toMatchObject({ code: EXIT.TEMPORARY });
    expect(nowMs).toBe(MINUTE_MS);
  });

  it('is left at that with a time of 0', async () => {
    const ended = run((watch) => {
      watch.onOpen();
      return EXIT.SILENT;
    }, 0);
    await expect(ended).rejects.toMatchObject({ code: EXIT.SILENT });
    expect(waited).toEqual([]);
  });
});

describe('not tried again', () => {
  it('is one that never opened', async () => {
    await expect(run(() => EXIT.NO_ANSWER)).rejects.toMatchObject({ code: EXIT.NO_ANSWER });
    await expect(run(() => EXIT.TEMPORARY)).rejects.toMatchObject({ code: EXIT.TEMPORARY });
    expect(waited).toEqual([]);
  });

  it.each([EXIT.MISSING, EXIT.VERIFICATION, EXIT.SOURCE_CHANGED, EXIT.NO_SPACE])(
    'is what failed with %i',
    async (code) => {
      const ended = run((watch) => {
        watch.onOpen();
        return code;
      });
      await expect(ended).rejects.toMatchObject({ code });
      expect(waited).toEqual([]);
    },
  );

  it('is what somebody interrupted', async () => {
    const controller = new AbortController();
    const ended = run(
      (watch) => {
        watch.onOpen();
        controller.abort(new LftpError(EXIT.INTERRUPTED, 'local', 'interrupted'));
        return EXIT.SILENT;
      },
      MINUTE_MS,
      controller.signal,
    );
    await expect(ended).rejects.toMatchObject({ code: EXIT.INTERRUPTED });
  });
});
