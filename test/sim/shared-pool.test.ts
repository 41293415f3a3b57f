import { expect, it } from 'vitest';
import type { Connection } from '../../src/transport/connection.ts';
import { Crowd } from './crowd.ts';

const OTHERS = 7;
const POOL_BYTES = 8_388_608;
/** A disk far slower than what comes. */
const READ_BYTES_PER_MS = 4_000;
const SPAN_MS = 5_000;

it(
  'P-FLOW-07 shares the memory for received bytes with whoever comes later',
  {
    timeout: 60_000,
  },
  () => {
    const crowd = new Crowd({
      hosts: 1,
      fileBytes: Infinity,
      receivePoolBytes: POOL_BYTES,
      readBytesPerMs: READ_BYTES_PER_MS,
    });
    const first = crowd.connect(0);
    crowd.run(2_000);
    // Alone it has taken what one may, and leaves as much to all others.
    const { receiveWindowBytes } = first.stats();
    expect(receiveWindowBytes).toBeLessThanOrEqual(POOL_BYTES);
    const later = Array.from({ length: OTHERS }, () => crowd.connect(0));
    crowd.run(2_000);
    const readOf = (connection: Connection): number => crowd.receivedBy.get(connection) ?? 0;
    const before = [first, ...later].map(readOf);
    crowd.run(SPAN_MS);
    const gained = [first, ...later].map((connection, i) => readOf(connection) - before[i]!);
    const fair = (SPAN_MS * READ_BYTES_PER_MS) / (OTHERS + 1);
    const least = Math.min(...gained.slice(1)) / fair;
    const shares = `${(gained[0]! / fair).toFixed(2)} and ${least.toFixed(2)} at least`;
    process.stdout.write(`read of a fair share, by the first and by the others: ${shares}\n`);
    expect(gained[0]).toBeLessThan(2 * fair);
    expect(least).toBeGreaterThan(0.5);
    // The disk never waits for the network.
    expect(gained.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(
      0.95 * (OTHERS + 1) * fair,
    );
  },
);
