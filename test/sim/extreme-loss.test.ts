import { describe, expect, it } from 'vitest';
import { type Pair, buildPair, jobOf, open, planOf, runUntil } from './pair.ts';

const DAY_MS = 86_400_000;
const MEBIBYTE = 1_048_576;

/** Patience without end, as somebody would set it who knows such a path. */
const PATIENT = { patienceMs: Infinity, controlCopies: 8 };

function pairAt(seed: number, lossUp: number, lossDown: number): Pair {
  return buildPair({
    seed,
    up: { delayMs: 5, loss: lossUp },
    down: { delayMs: 5, loss: lossDown },
    config: PATIENT,
  });
}

describe('99 % loss', () => {
  for (const [way, up, down] of [
    ['towards the server', 0.99, 0],
    ['towards the client', 0, 0.99],
  ] as const) {
    for (const kind of ['get', 'post'] as const) {
      it(`${kind} of 1 MiB completes with 99 % lost ${way}`, { timeout: 120_000 }, () => {
        const pair = pairAt(1, up, down);
        const party = open(pair, planOf([jobOf(kind, MEBIBYTE)]));
        expect(runUntil(pair, 7 * DAY_MS, () => party.isComplete)).toBe(true);
        process.stdout.write(
          `${kind}, ${way}: ${(pair.world.nowMs / 60_000).toFixed(0)} virtual minutes\n`,
        );
      });
    }
  }

  for (const kind of ['get', 'post'] as const) {
    it(`${kind} of 16 KiB completes with 99 % lost both ways`, { timeout: 120_000 }, () => {
      const pair = pairAt(2, 0.99, 0.99);
      const party = open(pair, planOf([jobOf(kind, 16_384)]));
      expect(runUntil(pair, 7 * DAY_MS, () => party.isComplete)).toBe(true);
      process.stdout.write(`${kind}: ${(pair.world.nowMs / 60_000).toFixed(0)} virtual minutes\n`);
    });
  }
});

describe('30 % loss both ways', () => {
  it('200 of 200 openings succeed within 120 s', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const link = { delayMs: 20, loss: 0.3 };
      const pair = buildPair({ seed, up: link, down: link });
      const party = open(pair, planOf([jobOf('get', 0)]));
      const { connection } = party;
      const isOpen = (): boolean => connection.state !== 'opening';
      expect(runUntil(pair, 120_000, isOpen), `seed ${seed}`).toBe(true);
      expect(connection.state, `seed ${seed}`).toBe('established');
    }
  });
});
