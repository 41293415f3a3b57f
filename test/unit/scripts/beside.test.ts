import { expect, it } from 'vitest';
import { bytesAt } from '../../../scripts/rows/beside.ts';

const EVENTS = [
  { event: 'request', t: 99.5 },
  { event: 'progress', t: 101, bytes: 0 },
  { event: 'progress', t: 102, bytes: 1_000 },
  { event: 'progress', t: 104, bytes: 5_000 },
];

it('reads how much had come at any time out of the events around it', () => {
  expect(bytesAt(EVENTS, 90)).toBe(0);
  expect(bytesAt(EVENTS, 100)).toBe(0);
  expect(bytesAt(EVENTS, 101.5)).toBe(500);
  expect(bytesAt(EVENTS, 102)).toBe(1_000);
  expect(bytesAt(EVENTS, 103)).toBe(3_000);
  expect(bytesAt(EVENTS, 110)).toBe(5_000);
  expect(bytesAt([], 1)).toBe(0);
});
