/** libsodium and OpenSSL, held against each other: the same bytes, whichever seals. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodePrimitives } from '../../../src/io/primitives-node.ts';
import { sodiumPrimitives } from '../../../src/io/primitives-sodium.ts';

const SODIUM = sodiumPrimitives('SHA256');
const NODE = nodePrimitives('SHA256');

function bytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

const segment = fc.record({
  key: bytes(32),
  nonce: bytes(12),
  ad: fc.uint8Array({ maxLength: 252 }),
  clear: fc.uint8Array({ maxLength: 2000 }),
  at: fc.nat(40),
});

describe('both libraries', () => {
  it('seal to the same bytes, and each opens what the other sealed', () => {
    fc.assert(
      fc.property(segment, ({ key, nonce, ad, clear, at }) => {
        const sealed = [SODIUM, NODE].map(({ aead }) => {
          const buffer = new Uint8Array(at + clear.length + 20);
          buffer.set(clear, at);
          aead.seal(key, nonce, ad, buffer, at, at + clear.length);
          return buffer;
        });
        expect(sealed[0]).toEqual(sealed[1]);
        const end = at + clear.length + 16;
        expect(NODE.aead.open(key, nonce, ad, sealed[0]!, at, end)).toBe(true);
        expect(SODIUM.aead.open(key, nonce, ad, sealed[1]!, at, end)).toBe(true);
        for (const opened of sealed) {
          expect(Buffer.compare(opened.subarray(at, end - 16), clear)).toBe(0);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('refuse the same forgeries', () => {
    fc.assert(
      fc.property(segment, fc.nat(), ({ key, nonce, ad, clear }, draw) => {
        const buffer = new Uint8Array(clear.length + 16);
        buffer.set(clear);
        SODIUM.aead.seal(key, nonce, ad, buffer, 0, clear.length);
        const bit = draw % (8 * buffer.length);
        buffer[bit >> 3]! ^= 1 << (bit & 7);
        const copy = Buffer.from(buffer);
        expect(SODIUM.aead.open(key, nonce, ad, buffer, 0, buffer.length)).toBe(false);
        expect(NODE.aead.open(key, nonce, ad, copy, 0, copy.length)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('share the same secrets, whatever the bytes of the public key', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), (secret, publicKey) => {
        expect(SODIUM.publicKey(secret)).toEqual(NODE.publicKey(secret));
        const shared = SODIUM.sharedSecret(secret, publicKey);
        expect(shared).toEqual(NODE.sharedSecret(secret, publicKey));
      }),
      { numRuns: 200 },
    );
  });
});
