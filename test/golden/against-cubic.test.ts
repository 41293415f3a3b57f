/** Each controller beside one modelled TCP with CUBIC. */
import { it } from 'vitest';
import { type ArenaPlan, MODELLED_TCP, runArena } from '../../src/sim/arena.ts';
import { CANDIDATES, bdpBytes, keepTable, number, percent } from './table.ts';

const RATE = 50_000_000;
const RTT_MS = 40;
const BDP_BYTES = bdpBytes(RATE, RTT_MS);
/** Who comes first is chance, and decides much: each of three runs has another order. */
const STARTS_MS = [
  [0, 400],
  [200, 200],
  [400, 0],
] as const;
const FROM_MS = 400;
const TO_MS = 20_400;
const SEED = 1;

const HEAD = `\
# Each controller beside one modelled TCP with CUBIC: 50 Mbit/s, 40 ms, 20 s from when both run;
# means of three runs, ours first, both at once, TCP first. Goodput of both, our share of it and
# the least and greatest of the three, retransmitted per sent of both, delay in the queue in ms.
# The policer drops what exceeds 50 Mbit/s and a burst of one bandwidth-delay product, on a line
# of 200 Mbit/s. The row of tcp-cubic is TCP beside itself.
`;
const TITLES = ['ours', 'TCP', 'share %', 'least', 'most', 'resent %', 'of TCP %', 'queue 50 %'];

const PATHS: readonly (Pick<ArenaPlan, 'line' | 'data'> & { readonly name: string })[] = [
  { name: '1 BDP of queue', line: { rateBitsPerSecond: RATE, queueBytes: BDP_BYTES } },
  { name: '0.25 BDP of queue', line: { rateBitsPerSecond: RATE, queueBytes: BDP_BYTES / 4 } },
  {
    name: 'policer',
    line: {
      rateBitsPerSecond: 4 * RATE,
      queueBytes: BDP_BYTES,
      policeBitsPerSecond: RATE,
      policeBurstBytes: BDP_BYTES,
    },
  },
  {
    name: '1 BDP of queue, 1 % loss',
    line: { rateBitsPerSecond: RATE, queueBytes: BDP_BYTES },
    data: { loss: 0.01 },
  },
];

const ENTRANTS = [...CANDIDATES, MODELLED_TCP] as const;

type Path = (typeof PATHS)[number];

function run({ line, data }: Path, controller: (typeof ENTRANTS)[number]): number[][] {
  return STARTS_MS.map(([startMs, tcpStartMs]) => {
    const { flows, queue } = runArena({
      line,
      ...(data === undefined ? {} : { data }),
      rttMs: RTT_MS,
      durationMs: TO_MS,
      seed: SEED,
      flows: [
        { controller, startMs },
        { controller: MODELLED_TCP, startMs: tcpStartMs },
      ],
    });
    const [ours = 0, tcp = 0] = flows.map((flow) => flow.megabitsPerSecond(FROM_MS, TO_MS));
    const resent = flows.map((flow) => flow.retransmittedShare(FROM_MS, TO_MS));
    return [ours, tcp, ours / (ours + tcp), ...resent, queue.quantileMs(0.5, FROM_MS, TO_MS)];
  });
}

function line(path: Path, controller: (typeof ENTRANTS)[number]): string {
  const runs = run(path, controller);
  const mean = (column: number): number =>
    runs.reduce((sum, figures) => sum + figures[column]!, 0) / runs.length;
  const shares = runs.map((figures) => figures[2]!);
  return (
    controller.padEnd(26) +
    number(mean(0), 12) +
    number(mean(1), 12) +
    percent(mean(2), 12, 1) +
    percent(Math.min(...shares), 12, 1) +
    percent(Math.max(...shares), 12, 1) +
    percent(mean(3), 12) +
    percent(mean(4), 12) +
    number(mean(5), 12, 1)
  );
}

function block(path: Path): string {
  const titles = TITLES.map((title) => title.padStart(12)).join('');
  const lines = ENTRANTS.map((controller) => `${line(path, controller)}\n`);
  return `\n${path.name.padEnd(26)}${titles}\n${lines.join('')}`;
}

it('keeps the table against TCP', { timeout: 300_000 }, () => {
  keepTable('against-cubic.txt', HEAD + PATHS.map(block).join(''));
});
