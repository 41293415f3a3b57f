/** The congestion window of every controller, round trip by round trip, from the first on. */
import { it } from 'vitest';
import { runArena } from '../../src/sim/arena.ts';
import { CONTROLLER_NAMES } from '../../src/transport/config.ts';
import { bdpBytes, keepTable, number } from './table.ts';

const RATE = 20_000_000;
const RTT_MS = 40;
const ROUNDS = 40;
const SEED = 1;

const HEAD = `\
# cwnd in segments after each of the first 40 round trips (of 40 ms, as without a queue) at
# 20 Mbit/s behind one bandwidth-delay product (71 segments) of queue. The receiver asks at 0.
`;

const PATHS = [
  { name: 'no loss', loss: 0 },
  { name: '1 % loss', loss: 0.01 },
];

function block(name: string, loss: number): string {
  const columns = CONTROLLER_NAMES.map((controller) => {
    const { flows } = runArena({
      line: { rateBitsPerSecond: RATE, queueBytes: bdpBytes(RATE, RTT_MS) },
      rttMs: RTT_MS,
      durationMs: ROUNDS * RTT_MS,
      readingMs: RTT_MS,
      seed: SEED,
      data: { loss },
      flows: [{ controller }],
    });
    return flows[0]!.readings.map(({ cwndSegments }) => cwndSegments);
  });
  const names = CONTROLLER_NAMES.map((controller) => controller.padStart(14)).join('');
  let text = `\n${name.padEnd(8)}${names}\n`;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const cells = columns.map((column) => number(column[round] ?? NaN, 14, 1)).join('');
    text += `${String(round).padEnd(8)}${cells}\n`;
  }
  return text;
}

it('keeps the table of windows', { timeout: 300_000 }, () => {
  keepTable('cwnd.txt', HEAD + PATHS.map(({ name, loss }) => block(name, loss)).join(''));
});
