/** What this process holds: for tests that prove that work leaves nothing behind. */
import { readdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'vitest';

export interface Resources {
  readonly heapBytes: number;
  readonly descriptors: number;
  readonly timers: number;
}

/** What a thousand runs may add to the heap: caches and code that warmed up. */
const HEAP_SLACK_BYTES = 2 * 1_048_576;

/** Counts after the garbage is gone: without `--expose-gc` the heap would say nothing. */
export async function readResources(): Promise<Resources> {
  expect(globalThis.gc).toBeDefined();
  for (let i = 0; i < 2; i += 1) {
    await nextTurn();
    globalThis.gc?.();
  }
  const resources = process.getActiveResourcesInfo();
  return {
    heapBytes: process.memoryUsage().heapUsed,
    descriptors: readdirSync('/proc/self/fd').length,
    timers: resources.filter((name) => name === 'Timeout' || name === 'UDPWrap').length,
  };
}

export function expectNothingLeft(before: Resources, after: Resources): void {
  expect(after.heapBytes - before.heapBytes).toBeLessThan(HEAP_SLACK_BYTES);
  expect(after.descriptors).toBe(before.descriptors);
  expect(after.timers).toBeLessThanOrEqual(before.timers);
}
