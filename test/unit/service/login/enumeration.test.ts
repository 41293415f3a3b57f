/** The same work for a name that somebody has and one that nobody has, counted call by call. */
import type * as Crypto from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Ground, sampleOf, welch } from '../../../../scripts/login/enumeration.ts';
import { AccountDatabase } from '../../../../src/service/accounts/database-store.ts';

const calls = vi.hoisted((): string[] => []);

vi.mock('node:crypto', async (importOriginal) => {
  const original: typeof Crypto = await importOriginal();
  const noted = <T extends (...parameters: never[]) => unknown>(name: string, real: T): T =>
    ((...parameters: Parameters<T>) => {
      calls.push(name);
      return real(...parameters);
    }) as T;
  return {
    ...original,
    createHmac: noted('hmac', original.createHmac),
    createHash: noted('hash', original.createHash),
    timingSafeEqual: noted('compare', original.timingSafeEqual),
  };
});

let ground: Ground;

beforeAll(async () => {
  ground = await Ground.make();
});

afterAll(() => ground.close());

const rows = vi.spyOn(AccountDatabase.prototype, 'rows');
const version = vi.spyOn(AccountDatabase.prototype, 'version', 'get');

/** What one refused login does: calls of node:crypto in order, and questions to the database. */
function callsFor(isKnown: boolean, pick: number): string[] {
  const subject = ground.subject(isKnown, pick);
  calls.length = 0;
  const [rowsBefore, versionsBefore] = [rows.mock.calls.length, version.mock.calls.length];
  ground.tryLogin(subject);
  const asked = new Array<string>(rows.mock.calls.length - rowsBefore).fill('rows');
  const looked = new Array<string>(version.mock.calls.length - versionsBefore).fill('version');
  return [...calls, ...asked, ...looked];
}

describe('a refused login', () => {
  it('P-LOGIN-04 makes the same calls in the same order for every name', () => {
    // Whoever comes first after a change has the accounts read, whatever the name.
    callsFor(false, 0);
    const known = callsFor(true, 1);
    expect(known.filter((call) => call === 'hmac')).toHaveLength(5);
    expect(known).toContain('version');
    expect(known).not.toContain('rows');
    for (let pick = 0; pick < 50; pick += 1) {
      expect(callsFor(true, pick)).toEqual(known);
      expect(callsFor(false, pick)).toEqual(known);
    }
  });

  it('P-LOGIN-04 is the one that reads the accounts after a change, for every name', () => {
    const readings = [true, false].map((isKnown) => {
      ground.accounts.change('user000', { isDisabled: isKnown }, 0);
      return callsFor(isKnown, 5);
    });
    expect(readings[0]).toContain('rows');
    expect(readings[1]).toEqual(readings[0]);
  });

  it('is measured by a test that would find a difference', () => {
    const spread = Array.from({ length: 1000 }, (_, index) => index % 10);
    const shifted = spread.map((value) => value + 1);
    expect(welch(sampleOf(spread), sampleOf(spread))).toBe(0);
    expect(Math.abs(welch(sampleOf(spread), sampleOf(shifted)))).toBeGreaterThan(4.5);
  });
});
