import { describe, expect, it } from 'vitest';
import { COOKIE_LIFETIME_MS, COOKIE_SECRET_MS, Cookies } from '../../../src/crypto/cookie.ts';
import { resetToken } from '../../../src/crypto/reset-token.ts';
import { COOKIE_BYTES, RESET_TOKEN_BYTES } from '../../../src/wire/layout.ts';
import { SeededRandom } from '../../../src/util/random.ts';
import { BOTH, bytesOf, hexOf, randomBytes } from './bytes.ts';

const [PRIMITIVES] = BOTH;
const SECRET = bytesOf('42'.repeat(32));
const ADDRESS = Uint8Array.of(192, 0, 2, 7);
const SIX = bytesOf('20010db8000000000000000000000007');
const START = 1_000_000_123;

function cookies(primitives: (typeof BOTH)[number] = PRIMITIVES): Cookies {
  return new Cookies(primitives, START, SECRET);
}

describe('Cookies', () => {
  it('a cookie comes back good, by either library', () => {
    const [one, other] = BOTH.map((primitives) => cookies(primitives));
    const cookie = one!.make(START, ADDRESS, 4711, 99);
    expect(cookie).toHaveLength(COOKIE_BYTES);
    expect(hexOf(other!.make(START, ADDRESS, 4711, 99))).toBe(hexOf(cookie));
    expect(other!.check(START + 1, ADDRESS, 4711, 99, cookie)).toBe(true);
    const six = one!.make(START, SIX, 4711, 99);
    expect(one!.check(START, SIX, 4711, 99, six)).toBe(true);
  });

  it('is good for one address, one port and one virtual port', () => {
    const jar = cookies();
    const cookie = jar.make(START, ADDRESS, 4711, 99);
    const moved = Uint8Array.of(192, 0, 2, 8);
    expect(jar.check(START, moved, 4711, 99, cookie)).toBe(false);
    expect(jar.check(START, SIX, 4711, 99, cookie)).toBe(false);
    expect(jar.check(START, ADDRESS, 4712, 99, cookie)).toBe(false);
    expect(jar.check(START, ADDRESS, 4711, 98, cookie)).toBe(false);
    expect(jar.check(START, ADDRESS, 99, 4711, cookie)).toBe(false);
  });

  it('is good for 30 seconds, and not before its time', () => {
    const jar = cookies();
    const cookie = jar.make(START, ADDRESS, 4711, 99);
    const isGood = (nowMs: number): boolean => jar.check(nowMs, ADDRESS, 4711, 99, cookie);
    // The time in it is of whole seconds, so it ends up to one second early, never late.
    expect(isGood(START + COOKIE_LIFETIME_MS - 1000)).toBe(true);
    expect(isGood(START + COOKIE_LIFETIME_MS)).toBe(false);
    expect(isGood(START - 1000)).toBe(false);
  });

  it('counts on when the seconds no longer fit 32 bits', () => {
    const lateMs = 2 ** 32 * 1000 - 2500;
    const jar = new Cookies(PRIMITIVES, lateMs, SECRET);
    const cookie = jar.make(lateMs, ADDRESS, 1, 2);
    expect(jar.check(lateMs + 20_000, ADDRESS, 1, 2, cookie)).toBe(true);
    expect(jar.check(lateMs + 40_000, ADDRESS, 1, 2, cookie)).toBe(false);
    const older = new Cookies(PRIMITIVES, 0, SECRET).make(0, ADDRESS, 1, 2);
    expect(jar.check(lateMs + 2500 + 1000, ADDRESS, 1, 2, older)).toBe(true);
  });

  it('refuses each flipped bit, other lengths, and a million guesses in small', () => {
    const jar = cookies();
    const cookie = jar.make(START, ADDRESS, 4711, 99);
    const isGood = (bytes: Uint8Array): boolean => jar.check(START, ADDRESS, 4711, 99, bytes);
    for (let bit = 0; bit < 8 * COOKIE_BYTES; bit += 1) {
      const forged = cookie.slice();
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(isGood(forged)).toBe(false);
    }
    for (const length of [0, 4, 19]) expect(isGood(cookie.subarray(0, length))).toBe(false);
    expect(isGood(Uint8Array.of(...cookie, 0))).toBe(false);
    const random = new SeededRandom(1);
    for (let i = 0; i < 2000; i += 1) {
      const guess = randomBytes(random, COOKIE_BYTES);
      guess.set(cookie.subarray(0, 4));
      expect(isGood(guess)).toBe(false);
    }
  });

  it('outlives one change of the secret, and not two', () => {
    const jar = cookies();
    const cookie = jar.make(START, ADDRESS, 4711, 99);
    const isGood = (): boolean => jar.check(START + 9, ADDRESS, 4711, 99, cookie);
    jar.rotate(
      START + 1,
      SECRET.map((byte) => byte ^ 1),
    );
    expect(isGood()).toBe(true);
    const newer = jar.make(START + 2, ADDRESS, 4711, 99);
    expect(hexOf(newer)).not.toBe(hexOf(cookie));
    jar.rotate(
      START + 3,
      SECRET.map((byte) => byte ^ 2),
    );
    expect(isGood()).toBe(false);
    expect(jar.check(START + 9, ADDRESS, 4711, 99, newer)).toBe(true);
  });

  it('says when its secret is due', () => {
    const jar = cookies();
    expect(jar.isRotationDue(START + COOKIE_SECRET_MS - 1)).toBe(false);
    expect(jar.isRotationDue(START + COOKIE_SECRET_MS)).toBe(true);
    jar.rotate(START + COOKIE_SECRET_MS, SECRET);
    expect(jar.isRotationDue(START + COOKIE_SECRET_MS)).toBe(false);
  });

  it('takes whole secrets and addresses alone', () => {
    const short = SECRET.subarray(1);
    expect(() => new Cookies(PRIMITIVES, 0, short)).toThrow('32 bytes');
    expect(() => cookies().rotate(0, short)).toThrow('32 bytes');
    expect(() => cookies().make(0, ADDRESS.subarray(1), 1, 2)).toThrow('4 or 16');
    expect(() => new Cookies(PRIMITIVES, 0, SECRET, COOKIE_SECRET_MS + 1)).toThrow('outlive');
  });
});

describe('reset tokens', () => {
  const target = { address: ADDRESS, udpPort: 4711, clientPort: 99, serverPort: 7 };
  const token = resetToken(PRIMITIVES, SECRET, target);

  it('are the same after a restart, by either library', () => {
    expect(token).toHaveLength(RESET_TOKEN_BYTES);
    expect(hexOf(resetToken(BOTH[1], SECRET.slice(), { ...target }))).toBe(hexOf(token));
  });

  it('belong to one connection, and to one secret', () => {
    const others = [
      { ...target, address: SIX },
      { ...target, udpPort: 4712 },
      { ...target, clientPort: 7, serverPort: 99 },
      { ...target, serverPort: 8 },
    ].map((other) => hexOf(resetToken(PRIMITIVES, SECRET, other)));
    const foreign = resetToken(
      PRIMITIVES,
      SECRET.map((byte) => byte ^ 1),
      target,
    );
    expect(new Set([...others, hexOf(foreign), hexOf(token)]).size).toBe(6);
  });

  it('are no cookies', () => {
    const cookie = cookies().make(0, ADDRESS, 4711, 99);
    const zero = { address: ADDRESS, udpPort: 4711, clientPort: 99, serverPort: 0 };
    expect(hexOf(cookie)).not.toContain(hexOf(resetToken(PRIMITIVES, SECRET, zero)));
  });
});
