/** Single flows over paths that change, police, bloat, reorder, drop in bursts or go dark. */
import { it } from 'vitest';
import { type Case, casesTable } from './cases.ts';
import { bdpBytes, keepTable } from './table.ts';

const RATE = 20_000_000;
const RTT_MS = 40;
const BDP_BYTES = bdpBytes(RATE, RTT_MS);
const LINE = { rateBitsPerSecond: RATE, queueBytes: BDP_BYTES };
const PATH = { line: LINE, rttMs: RTT_MS, durationMs: 12_000 } as const;
const HALF_RATE = RATE / 2e6;

const HEAD = `\
# One flow over rough paths: 20 Mbit/s, 40 ms, one bandwidth-delay product of queue, 12 s unless
# said otherwise. Goodput, retransmitted segments per segment sent, delay in the queue in ms, and
# seconds after the change until goodput over 500 ms comes to half of what the line then has.
`;

/** Dark from 5 s on. */
function outage(seconds: number): Case {
  const darkMs = { fromMs: 5_000, toMs: 5_000 + 1_000 * seconds };
  return {
    name: `dark for ${seconds} s`,
    plan: {
      ...PATH,
      durationMs: darkMs.toMs + 7_000,
      data: { outages: [darkMs] },
      acks: { outages: [darkMs] },
    },
    reaches: { megabitsPerSecond: HALF_RATE, afterMs: darkMs.toMs },
  };
}

const CASES: readonly Case[] = [
  { name: 'nothing wrong', plan: PATH },
  {
    name: '2 to 20 Mbit/s at 8 s',
    plan: {
      ...PATH,
      line: {
        rateBitsPerSecond: RATE / 10,
        queueBytes: BDP_BYTES,
        rateSteps: [{ atMs: 8_000, rateBitsPerSecond: RATE }],
      },
      durationMs: 16_000,
    },
    fromMs: 8_000,
    reaches: { megabitsPerSecond: HALF_RATE, afterMs: 8_000 },
  },
  {
    name: '20 to 2 Mbit/s at 5 s',
    plan: {
      ...PATH,
      line: { ...LINE, rateSteps: [{ atMs: 5_000, rateBitsPerSecond: RATE / 10 }] },
    },
    fromMs: 5_000,
    reaches: { megabitsPerSecond: HALF_RATE / 10, afterMs: 5_000 },
  },
  {
    name: 'policer 10 Mbit/s, 50 kB',
    plan: {
      ...PATH,
      line: { ...LINE, policeBitsPerSecond: 10_000_000, policeBurstBytes: 50_000 },
    },
  },
  { name: '4 s of queue', plan: { ...PATH, line: { ...LINE, queueBytes: RATE / 2 } } },
  { name: '0.25 BDP of queue', plan: { ...PATH, line: { ...LINE, queueBytes: BDP_BYTES / 4 } } },
  { name: '5 % up to 10 ms late', plan: { ...PATH, data: { reorder: 0.05, holdMs: 10 } } },
  { name: '5 % up to 40 ms late', plan: { ...PATH, data: { reorder: 0.05, holdMs: 40 } } },
  { name: '20 % of acks lost', plan: { ...PATH, acks: { loss: 0.2 } } },
  { name: '1 % lost in runs of 20', plan: { ...PATH, data: { loss: 0.01, burst: 20 } } },
  outage(2),
  outage(10),
  outage(60),
];

it('keeps the table of rough paths', { timeout: 300_000 }, () => {
  keepTable('rough-paths.txt', HEAD + casesTable(CASES));
});
