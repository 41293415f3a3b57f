/**
 * Goodput by loss, round-trip time and controller, in virtual time: a change of behaviour shows as
 * a changed line of `goodput.txt`. `UPDATE_GOLDEN=1 npx vitest run test/golden` writes it anew.
 */
import { it } from 'vitest';
import { simulateGoodput } from '../../src/sim/goodput.ts';
import { CONTROLLER_NAMES, type ControllerName } from '../../src/transport/config.ts';
import { keepTable } from './table.ts';

const LOSSES = [0, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3];
const RTTS_MS = [2, 20, 100, 300, 600];
const RATE = 100_000_000;
const BYTES = 16_777_216;
const LIMIT_MS = 120_000;
const SEED = 1;

const HEAD = `\
# Goodput in Mbit/s of a get of 16 MiB at 100 Mbit/s in virtual time, loss both ways, queue of
# one bandwidth-delay product or 256 KiB; what is not done after 120 s is measured up to there.
# In brackets: retransmitted segments per segment sent, per cent.
`;

function cell(controller: ControllerName, loss: number, rttMs: number): string {
  const result = simulateGoodput({
    rateBitsPerSecond: RATE,
    rttMs,
    loss,
    bytes: BYTES,
    controller,
    seed: SEED,
    limitMs: LIMIT_MS,
  });
  const again = (100 * result.retransmittedShare).toFixed(2);
  return `${result.megabitsPerSecond.toFixed(3)} (${again})`.padStart(18);
}

function table(): string {
  let text = HEAD;
  for (const controller of CONTROLLER_NAMES) {
    text += `\n${controller.padEnd(10)}`;
    text += `${RTTS_MS.map((rttMs) => `RTT ${rttMs} ms`.padStart(18)).join('')}\n`;
    for (const loss of LOSSES) {
      const name = `${(100 * loss).toFixed(1)} %`.padEnd(10);
      text += `${name}${RTTS_MS.map((rttMs) => cell(controller, loss, rttMs)).join('')}\n`;
    }
  }
  return text;
}

it('keeps the goodput table', { timeout: 300_000 }, () => {
  keepTable('goodput.txt', table());
});
