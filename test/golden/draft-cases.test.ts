/**
 * The test cases of the BBR draft (draft-ietf-ccwg-bbr, "BBR Example Test Cases") as far as they
 * show from outside, run with every controller. What goes on inside BBR is tested beside it.
 */
import { it } from 'vitest';
import { type Case, casesTable } from './cases.ts';
import { bdpBytes, keepTable } from './table.ts';

const RATE = 10_000_000;
const RTT_MS = 40;
const BDP_BYTES = bdpBytes(RATE, RTT_MS);
const LINE = { rateBitsPerSecond: RATE, queueBytes: 2 * BDP_BYTES };
const PATH = { line: LINE, rttMs: RTT_MS, durationMs: 10_000 } as const;
const CHANGE_MS = 5_000;
const MOST = 0.8 * (RATE / 1e6);

const HEAD = `\
# The BBR draft's example test cases as seen from outside: 10 Mbit/s, 40 ms, two bandwidth-delay
# products of queue, 10 s unless said otherwise. Goodput, retransmitted segments per segment sent,
# delay in the queue in ms, and seconds after the change until goodput over 500 ms comes to 80 %
# of what there is.
`;

/** 2 Mbit/s, a fifth of the line. */
const trickle = (nowMs: number): number => nowMs * 250;
const trickleThenAll = (nowMs: number): number => (nowMs < CHANGE_MS ? trickle(nowMs) : Infinity);
/** Nothing from 5 s to 10 s. */
const pausing = (nowMs: number): number =>
  nowMs > 10_000 ? Infinity : (RATE / 8_000) * Math.min(nowMs, CHANGE_MS);

/** Keeps the order of what is sent across a change of the delay. */
const IN_ORDER = { jitterMs: 0.001, keepsOrder: true } as const;

const STEADY: readonly Case[] = [
  { name: 'plateau', plan: PATH, fromMs: 2_000 },
  {
    name: 'sub-packet BDP (1 M, 4 ms)',
    plan: { ...PATH, line: { rateBitsPerSecond: 1_000_000, queueBytes: 30_000 }, rttMs: 4 },
    fromMs: 2_000,
  },
  {
    name: 'acks in bunches of 20 ms',
    plan: { ...PATH, acks: { jitterMs: 20, keepsOrder: true } },
    fromMs: 2_000,
  },
  {
    name: 'policer 5 Mbit/s, 25 kB',
    plan: { ...PATH, line: { ...LINE, policeBitsPerSecond: RATE / 2, policeBurstBytes: 25_000 } },
    fromMs: 4_000,
  },
  { name: 'source 2 Mbit/s', plan: PATH, flow: { suppliedBytes: trickle }, fromMs: 2_000 },
  {
    name: 'source 2 Mbit/s, 3 % loss',
    plan: { ...PATH, data: { loss: 0.03 } },
    flow: { suppliedBytes: trickle },
    fromMs: 2_000,
  },
];

const CHANGING: readonly Case[] = [
  {
    name: '10 % less at 5 s',
    plan: {
      ...PATH,
      line: { ...LINE, rateSteps: [{ atMs: CHANGE_MS, rateBitsPerSecond: 0.9 * RATE }] },
    },
    fromMs: CHANGE_MS,
    reaches: { megabitsPerSecond: 0.9 * MOST, afterMs: CHANGE_MS },
  },
  {
    name: 'ten times more at 5 s',
    plan: {
      ...PATH,
      line: { ...LINE, rateSteps: [{ atMs: CHANGE_MS, rateBitsPerSecond: 10 * RATE }] },
    },
    fromMs: CHANGE_MS,
    reaches: { megabitsPerSecond: 10 * MOST, afterMs: CHANGE_MS },
  },
  {
    name: 'ten times less at 5 s',
    plan: {
      ...PATH,
      line: { ...LINE, rateSteps: [{ atMs: CHANGE_MS, rateBitsPerSecond: RATE / 10 }] },
    },
    fromMs: CHANGE_MS,
    reaches: { megabitsPerSecond: MOST / 10, afterMs: CHANGE_MS },
  },
  {
    name: 'source 2 Mbit/s until 5 s',
    plan: PATH,
    flow: { suppliedBytes: trickleThenAll },
    fromMs: CHANGE_MS,
    reaches: { megabitsPerSecond: MOST, afterMs: CHANGE_MS },
  },
  {
    name: 'no source 5 s to 10 s',
    plan: { ...PATH, durationMs: 15_000 },
    flow: { suppliedBytes: pausing },
    fromMs: 10_000,
    reaches: { megabitsPerSecond: MOST, afterMs: 10_000 },
  },
  {
    name: '5 % late by 30 ms, 5-6 s',
    plan: {
      ...PATH,
      data: { holdMs: 30 },
      changes: [
        { atMs: CHANGE_MS, data: { reorder: 0.05 } },
        { atMs: CHANGE_MS + 1_000, data: { reorder: 0 } },
      ],
    },
    fromMs: CHANGE_MS,
    reaches: { megabitsPerSecond: MOST, afterMs: CHANGE_MS },
  },
  {
    name: 'all late by 600 ms at 5 s',
    plan: {
      ...PATH,
      data: IN_ORDER,
      changes: [
        { atMs: CHANGE_MS, data: { delayMs: 620 } },
        { atMs: CHANGE_MS + 100, data: { delayMs: 20 } },
      ],
    },
    fromMs: CHANGE_MS,
    reaches: { megabitsPerSecond: MOST, afterMs: CHANGE_MS },
  },
  {
    name: 'RTT 40 to 160 ms at 5 s',
    plan: { ...PATH, data: IN_ORDER, changes: [{ atMs: CHANGE_MS, data: { delayMs: 140 } }] },
    fromMs: CHANGE_MS,
    reaches: { megabitsPerSecond: MOST, afterMs: CHANGE_MS },
  },
  {
    name: 'RTT 160 to 40 ms at 5 s',
    plan: {
      ...PATH,
      data: { ...IN_ORDER, delayMs: 140 },
      changes: [{ atMs: CHANGE_MS, data: { delayMs: 20 } }],
    },
    fromMs: CHANGE_MS,
    reaches: { megabitsPerSecond: MOST, afterMs: CHANGE_MS },
  },
];

it('keeps the table of the BBR draft', { timeout: 300_000 }, () => {
  keepTable('draft-cases.txt', HEAD + casesTable([...STEADY, ...CHANGING]));
});
