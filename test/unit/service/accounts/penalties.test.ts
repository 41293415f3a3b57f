import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FIRST_DELAY_MS,
  LONGEST_DELAY_MS,
  LONGEST_PENALTY_MS,
  Penalties,
  REFUSED_ABOVE_MS,
  TRY_PENALTY_MS,
} from '../../../../src/service/accounts/penalties.ts';
import { sourceOf } from '../../../../src/io/source.ts';
import { MAX_PENALTY_ACCOUNTS, MAX_PENALTY_SOURCES } from '../../../../src/service/limits.ts';

const TEN_MINUTES_MS = 600_000;

/** Times at which a source that does nothing but guess was heard, in virtual time. */
function heardTimes(penalties: Penalties, address: string, spanMs: number, stepMs = 100): number[] {
  const times: number[] = [];
  for (let nowMs = 0; nowMs < spanMs; nowMs += stepMs) {
    if (penalties.admit(nowMs, address, 'alice').kind === 'refused') continue;
    penalties.fail(nowMs, 'alice');
    times.push(nowMs);
  }
  return times;
}

describe('penalties', () => {
  it('hear a source at most 30 times in any ten minutes', () => {
    const times = heardTimes(new Penalties(), '192.0.2.1', 6 * TEN_MINUTES_MS);
    const most = Math.max(
      ...times.map((start) => times.filter((t) => t >= start && t < start + TEN_MINUTES_MS).length),
    );
    expect(times.filter((t) => t === times[0] || t < 1000).length).toBeLessThanOrEqual(10);
    expect(most).toBeLessThanOrEqual(30);
    // And no fewer than that, or who mistypes would suffer.
    expect(most).toBeGreaterThan(25);
  });

  it('hold for whatever rhythm somebody guesses in', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 60, maxLength: 200 });
    fc.assert(
      fc.property(pauses, (waits) => {
        const penalties = new Penalties();
        const times: number[] = [];
        let nowMs = 0;
        for (const wait of waits) {
          nowMs += wait;
          if (penalties.admit(nowMs, '2001:db8::1', 'a').kind === 'heard') times.push(nowMs);
        }
        for (const start of times) {
          const heard = times.filter((t) => t >= start && t < start + TEN_MINUTES_MS);
          expect(heard.length).toBeLessThanOrEqual(30);
        }
      }),
    );
  });

  it('let the true user in at once while hundreds of sources guess at the name', () => {
    const penalties = new Penalties();
    for (let nowMs = 0; nowMs < TEN_MINUTES_MS; nowMs += 600) {
      const address = `198.51.${(nowMs / 600) % 250}.1`;
      if (penalties.admit(nowMs, address, 'alice').kind === 'heard') penalties.fail(nowMs, 'alice');
    }
    const nowMs = TEN_MINUTES_MS;
    expect(penalties.admit(nowMs, '192.0.2.7', 'alice')).toEqual({ kind: 'heard', delayMs: 0 });
    penalties.fail(nowMs, 'alice');
    // Mistyped once, he still gets in within ten seconds.
    const again = penalties.admit(nowMs, '192.0.2.7', 'alice');
    expect(again).toEqual({ kind: 'heard', delayMs: LONGEST_DELAY_MS });
    expect(LONGEST_DELAY_MS).toBeLessThan(10_000);
  });

  it('delay doubles with the failures for a name, and passes', () => {
    const penalties = new Penalties();
    const delays: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      const admission = penalties.admit(i, '192.0.2.1', 'alice');
      if (admission.kind === 'heard') delays.push(admission.delayMs);
      penalties.fail(i, 'alice');
    }
    expect(delays).toEqual([0, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
    expect(penalties.admit(100, '192.0.2.1', 'bob')).toEqual({ kind: 'heard', delayMs: 0 });
    const laterMs = 9 * TRY_PENALTY_MS + 2000;
    expect(penalties.admit(laterMs, '192.0.2.1', 'alice')).toMatchObject({ kind: 'heard' });
    expect(FIRST_DELAY_MS).toBe(250);
  });

  it('a right password costs nothing, and pays for nobody', () => {
    const penalties = new Penalties();
    for (let i = 0; i < 100; i += 1) {
      expect(penalties.admit(i, '192.0.2.1', 'alice')).toEqual({ kind: 'heard', delayMs: 0 });
      penalties.succeed(i, '192.0.2.1');
    }
    expect(penalties.size).toBe(0);
    // Whoever has an account of his own cannot guess the more at another's.
    let heard = 0;
    for (let nowMs = 0; nowMs < TEN_MINUTES_MS; nowMs += 500) {
      if (penalties.admit(nowMs, '192.0.2.1', 'mallory').kind === 'heard') {
        penalties.succeed(nowMs, '192.0.2.1');
      }
      if (penalties.admit(nowMs, '192.0.2.1', 'alice').kind === 'heard') heard += 1;
    }
    expect(heard).toBeLessThanOrEqual(30);
  });

  it('count tries that are under way at once', () => {
    const penalties = new Penalties();
    const kinds = Array.from({ length: 50 }, () => penalties.admit(0, '192.0.2.1', 'a').kind);
    expect(kinds.filter((kind) => kind === 'heard')).toHaveLength(10);
  });

  it('tell how long to wait, and keep their word', () => {
    const penalties = new Penalties();
    for (let i = 0; i < 10; i += 1) penalties.admit(0, '192.0.2.1', 'a');
    const refused = penalties.admit(0, '192.0.2.1', 'a');
    expect(refused).toEqual({ kind: 'refused', waitMs: 10 * TRY_PENALTY_MS - REFUSED_ABOVE_MS });
    expect(penalties.admit(29_999, '192.0.2.1', 'a').kind).toBe('refused');
    expect(penalties.admit(30_000, '192.0.2.1', 'a').kind).toBe('heard');
  });

  it('other offences add up to ten minutes at most', () => {
    const penalties = new Penalties();
    for (let i = 0; i < 1000; i += 1) penalties.punish(0, '192.0.2.1', 'violation');
    expect(penalties.refusedForMs(0, '192.0.2.1')).toBe(LONGEST_PENALTY_MS - REFUSED_ABOVE_MS);
    penalties.punish(0, '192.0.2.2', 'tooSlow');
    expect(penalties.refusedForMs(0, '192.0.2.2')).toBe(0);
    expect(penalties.size).toBe(2);
  });

  it('are bounded: full, they forget the mildest', () => {
    const penalties = new Penalties();
    for (let i = 0; i < 2 * MAX_PENALTY_SOURCES; i += 1) {
      penalties.admit(i / 1e6, `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, `name${i}`);
      penalties.fail(i / 1e6, `name${i}`);
    }
    expect(penalties.size).toBe(MAX_PENALTY_SOURCES);
    expect(MAX_PENALTY_ACCOUNTS).toBeLessThan(MAX_PENALTY_SOURCES);
    // Time takes them all away.
    penalties.punish(LONGEST_PENALTY_MS * 2, '192.0.2.1', 'tooSlow');
    expect(penalties.size).toBe(1);
  });
});

describe('a source', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1::2:3:4:5', '2001:db8:1:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['1::2:3:4:5:192.0.2.1', '1:0:2:3::/64'],
    ['not an address', 'not an address'],
  ])('%s belongs to %s', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});
