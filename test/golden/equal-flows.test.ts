/** How flows of one controller share a link among themselves. */
import { it } from 'vitest';
import { runArena } from '../../src/sim/arena.ts';
import { jainIndex } from '../../src/sim/series.ts';
import type { ControllerName } from '../../src/transport/config.ts';
import { CANDIDATES, bdpBytes, keepTable, number, percent } from './table.ts';

const RATE = 20_000_000;
const RTT_MS = 40;
const FROM_MS = 5_000;
const TO_MS = 20_000;
const APART_MS = 100;
const COUNTS = [1, 2, 4, 16];
const SEED = 1;

const HEAD = `\
# Equal flows that start 100 ms apart, at 20 Mbit/s, 40 ms, behind one bandwidth-delay product of
# queue, measured from 5 s to 20 s: goodput of all together, Jain's index, datagrams that the
# queue dropped, retransmitted segments per segment sent, delay in the queue in ms.
`;
const TITLES = ['flows', 'Mbit/s', 'Jain', 'drops', 'resent %', 'queue 50 %', 'queue 95 %'];

function line(controller: ControllerName, count: number): string {
  const { flows, queue } = runArena({
    line: { rateBitsPerSecond: RATE, queueBytes: bdpBytes(RATE, RTT_MS) },
    rttMs: RTT_MS,
    durationMs: TO_MS,
    seed: SEED,
    flows: Array.from({ length: count }, (_, i) => ({ controller, startMs: i * APART_MS })),
  });
  const rates = flows.map((flow) => flow.megabitsPerSecond(FROM_MS, TO_MS));
  const shares = flows.map((flow) => flow.retransmittedShare(FROM_MS, TO_MS));
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return (
    controller.padEnd(14) +
    number(count, 12, 0) +
    number(sum(rates), 12, 3) +
    number(jainIndex(rates), 12, 4) +
    number(sum(flows.map((flow) => flow.drops(FROM_MS, TO_MS))), 12, 0) +
    percent(sum(shares) / count, 12) +
    number(queue.quantileMs(0.5, FROM_MS, TO_MS), 12, 1) +
    number(queue.quantileMs(0.95, FROM_MS, TO_MS), 12, 1)
  );
}

it('keeps the table of equal flows', { timeout: 300_000 }, () => {
  const heading = `${' '.repeat(14)}${TITLES.map((title) => title.padStart(12)).join('')}\n`;
  const lines = CANDIDATES.map((name) => COUNTS.map((count) => `${line(name, count)}\n`).join(''));
  keepTable('equal-flows.txt', `${HEAD}\n${heading}${lines.join('')}`);
});
