/** Each controller beside one modelled TCP with CUBIC. */
import { it } from 'vitest';
import { type ArenaPlan, MODELLED_TCP, runArena } from '../../src/sim/arena.ts';
import { CANDIDATES, bdpBytes, keepTable, number, percent } from './table.ts';

const RATE = 50_000_000;
const RTT_MS = 40;
const DURATION_MS = 30_000;
const LATER_MS = 15_000;
const SEED = 1;
const BDP_BYTES = bdpBytes(RATE, RTT_MS);

const HEAD = `\
# Each controller beside one modelled TCP with CUBIC that starts at the same time: 50 Mbit/s,
# 40 ms, measured from 0 s to 30 s. Goodput of both, our share of it, our share from 15 s on,
# retransmitted per sent of both, delay in the queue in ms. The policer drops what exceeds
# 50 Mbit/s and a burst of one bandwidth-delay product, on a line of 200 Mbit/s. The row of
# tcp-cubic is TCP beside itself.
`;
const TITLES = [
  'ours',
  'TCP',
  'share %',
  'later %',
  'resent %',
  'of TCP %',
  'queue 50 %',
  'queue 95 %',
];

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

function block({ name, ...path }: (typeof PATHS)[number]): string {
  const titles = TITLES.map((title) => title.padStart(12)).join('');
  const lines = ENTRANTS.map((controller) => {
    const { flows, queue } = runArena({
      ...path,
      rttMs: RTT_MS,
      durationMs: DURATION_MS,
      seed: SEED,
      flows: [{ controller }, { controller: MODELLED_TCP }],
    });
    const ratesFrom = (fromMs: number): [ours: number, tcp: number] => [
      flows[0]!.megabitsPerSecond(fromMs, DURATION_MS),
      flows[1]!.megabitsPerSecond(fromMs, DURATION_MS),
    ];
    const [ours, tcp] = ratesFrom(0);
    const [oursLater, tcpLater] = ratesFrom(LATER_MS);
    const resent = flows.map((flow) => percent(flow.retransmittedShare(0, DURATION_MS), 12));
    return (
      controller.padEnd(26) +
      number(ours, 12) +
      number(tcp, 12) +
      percent(ours / (ours + tcp), 12, 1) +
      percent(oursLater / (oursLater + tcpLater), 12, 1) +
      resent.join('') +
      number(queue.quantileMs(0.5, 0, DURATION_MS), 12, 1) +
      number(queue.quantileMs(0.95, 0, DURATION_MS), 12, 1)
    );
  });
  return `\n${name.padEnd(26)}${titles}\n${lines.join('\n')}\n`;
}

it('keeps the table against TCP', { timeout: 300_000 }, () => {
  keepTable('against-cubic.txt', HEAD + PATHS.map(block).join(''));
});
