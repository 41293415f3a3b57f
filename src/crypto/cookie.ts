/**
 * Stateless cookies: a server that keeps nothing about a stranger sends one, and the stranger
 * proves its address by sending it back.
 *
 * Cookie, 20 bytes: when it was made (seconds, 32 bits, big-endian), then a MAC over that time,
 * address, UDP port and the client's virtual port. The secret changes once a minute and the one
 * before stays good, so a cookie lives out its time and a stolen secret is soon worthless.
 */
import { assert } from '../util/assert.ts';
import { putUint32, uint32 } from '../wire/bytes.ts';
import { COOKIE_BYTES } from '../wire/layout.ts';
import { unwrap, wrap } from '../wire/serial.ts';
import { addressMac, MAC_SECRET_BYTES } from './address-mac.ts';
import { asciiBytes } from './ascii.ts';
import { copyOf } from './copy.ts';
import type { Primitives } from './primitives.ts';

const TIME_BYTES = 4;
/** How long a cookie is good; milliseconds. */
export const COOKIE_LIFETIME_MS = 30_000;
/** How long a secret makes cookies; at least a lifetime, since only one old secret is kept. */
export const COOKIE_SECRET_MS = 60_000;

const LABEL = asciiBytes('lftp-udp cookie');

export class Cookies {
  private readonly primitives: Primitives;
  private readonly lifetimeMs: number;
  private current: Uint8Array;
  private previous: Uint8Array | undefined;
  private rotatedMs: number;

  /** @param secret 32 random bytes; copied */
  constructor(
    primitives: Primitives,
    nowMs: number,
    secret: Uint8Array,
    lifetimeMs = COOKIE_LIFETIME_MS,
  ) {
    assert(secret.length === MAC_SECRET_BYTES, 'a cookie secret has 32 bytes');
    assert(lifetimeMs <= COOKIE_SECRET_MS, 'cookies would outlive their secrets');
    this.primitives = primitives;
    this.lifetimeMs = lifetimeMs;
    this.current = copyOf(secret);
    this.rotatedMs = nowMs;
  }

  /** The secret has served its time: `rotate` before the next cookie is made. */
  isRotationDue(nowMs: number): boolean {
    return nowMs - this.rotatedMs >= COOKIE_SECRET_MS;
  }

  /** Makes cookies with `secret` from now on, 32 random bytes; the one before it stays good. */
  rotate(nowMs: number, secret: Uint8Array): void {
    assert(secret.length === MAC_SECRET_BYTES, 'a cookie secret has 32 bytes');
    if (this.previous !== undefined) this.primitives.wipe(this.previous);
    this.previous = this.current;
    this.current = copyOf(secret);
    this.rotatedMs = nowMs;
  }

  /**
   * @param address 4 or 16 bytes
   * @param udpPort,clientPort the source's UDP port, and the virtual port of its SYN
   * @returns 20 bytes
   */
  make(nowMs: number, address: Uint8Array, udpPort: number, clientPort: number): Uint8Array {
    const cookie = new Uint8Array(COOKIE_BYTES);
    const time = wrap(Math.floor(nowMs / 1000));
    putUint32(cookie, 0, time);
    cookie.set(this.mac(this.current, time, address, udpPort, clientPort), TIME_BYTES);
    return cookie;
  }

  /** True for a cookie that was made for this source, not too long ago. */
  check(
    nowMs: number,
    address: Uint8Array,
    udpPort: number,
    clientPort: number,
    cookie: Uint8Array,
  ): boolean {
    if (cookie.length !== COOKIE_BYTES) return false;
    const time = uint32(cookie, 0);
    const nowSeconds = Math.floor(nowMs / 1000);
    const ageMs = nowMs - 1000 * unwrap(nowSeconds, time);
    if (ageMs < 0 || ageMs > this.lifetimeMs) return false;
    const told = cookie.subarray(TIME_BYTES);
    for (const secret of [this.current, this.previous]) {
      if (secret === undefined) continue;
      const mac = this.mac(secret, time, address, udpPort, clientPort);
      if (this.primitives.equal(mac, told)) return true;
    }
    return false;
  }

  private mac(
    secret: Uint8Array,
    time: number,
    address: Uint8Array,
    udpPort: number,
    clientPort: number,
  ): Uint8Array {
    const numbers = [udpPort, clientPort, time >>> 16, time & 0xffff];
    return addressMac(this.primitives, secret, LABEL, address, numbers);
  }
}
