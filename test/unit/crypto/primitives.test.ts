/** Both implementations of the primitives against the vectors of the RFCs. */
import { describe, expect, it } from 'vitest';
import { hkdf } from '../../../src/crypto/hkdf.ts';
import { TAG_BYTES } from '../../../src/crypto/primitives.ts';
import { LIBRARIES, loadPrimitives } from '../../../src/io/primitives.ts';
import { bytesOf, hexOf, lettersOf } from './bytes.ts';
import { LOW_ORDER_POINTS } from './vectors.ts';

/** RFC 8439 §2.8.2 and appendix A.5. */
const AEAD_VECTORS = [
  {
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: '070000004041424344454647',
    ad: '50515253c0c1c2c3c4c5c6c7',
    clear: Buffer.from(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the " +
        'future, sunscreen would be it.',
    ),
    sealed: `d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6
      3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36
      92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
      3ff4def08e4b7a9de576d26586cec64b6116`,
    tag: '1ae10b594f09e26a7e902ecbd0600691',
  },
  {
    key: '1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0',
    nonce: '000000000102030405060708',
    ad: 'f33388860000000000004e91',
    clear: Buffer.from(
      'Internet-Drafts are draft documents valid for a maximum of six months and may be ' +
        'updated, replaced, or obsoleted by other documents at any time. It is inappropriate ' +
        'to use Internet-Drafts as reference material or to cite them other than as ' +
        '/“work in progress./”',
    ),
    sealed: `64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2
      4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf
      332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855
      9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4
      b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e
      af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a
      0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10
      49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29
      a6ad5cb4022b02709b`,
    tag: 'eead9d67890cbb22392336fea1851f38',
  },
];

/** RFC 7748 §5.2: secret, point, result. */
const X25519_VECTORS = [
  [
    'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
    'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
    'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
  ],
  [
    '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
    'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
    '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
  ],
] as const;

/** RFC 7748 §6.1: a secret, its public key, the other pair, what they share. */
const ALICE = '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a';
const ALICE_PUBLIC = '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a';
const BOB = '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb';
const BOB_PUBLIC = 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f';
const SHARED = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';

/** RFC 5869 A.1 to A.3: input key, salt, info, output. */
const count = (from: number, length: number): string =>
  hexOf(Uint8Array.from({ length }, (_, i) => from + i));
const HKDF_VECTORS = [
  [
    '0b'.repeat(22),
    count(0, 13),
    count(0xf0, 10),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  ],
  [
    count(0, 80),
    count(0x60, 80),
    count(0xb0, 80),
    `b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c
     59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71
     cc30c58179ec3e87c14c01d5c1f3434f1d87`,
  ],
  [
    '0b'.repeat(22),
    '',
    '',
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  ],
] as const;

describe.each(LIBRARIES)('primitives by %s', (library) => {
  const primitives = loadPrimitives(library);
  const { aead } = primitives;

  it('says who it is', () => {
    expect(primitives.name).toBe(library);
    expect([primitives.hashName, primitives.hashBytes, primitives.blockBytes]).toEqual([
      'SHA256',
      32,
      64,
    ]);
  });

  it.each(AEAD_VECTORS)('ChaCha20-Poly1305 of RFC 8439, tag $tag', (vector) => {
    const [key, nonce, ad] = [vector.key, vector.nonce, vector.ad].map(bytesOf);
    const expected = bytesOf(vector.sealed + vector.tag);
    // Somewhere inside a larger buffer, whose other bytes must stay.
    const buffer = new Uint8Array(400).fill(0xaa);
    buffer.set(vector.clear, 7);
    const to = 7 + vector.clear.length;
    aead.seal(key!, nonce!, ad!, buffer, 7, to);
    expect(hexOf(buffer.subarray(7, to + TAG_BYTES))).toBe(hexOf(expected));
    const outside = [buffer.subarray(0, 7), buffer.subarray(to + TAG_BYTES)];
    expect(outside.every((part) => part.every((byte) => byte === 0xaa))).toBe(true);
    expect(aead.open(key!, nonce!, ad!, buffer, 7, to + TAG_BYTES)).toBe(true);
    expect(Buffer.from(buffer.subarray(7, to))).toEqual(vector.clear);
    expect(buffer[to + TAG_BYTES]).toBe(0xaa);
  });

  it('refuses each flipped bit of cipher text, tag, key, nonce and associated data', () => {
    const [key, nonce, ad] = [count(1, 32), count(2, 12), count(3, 20)].map(bytesOf);
    const sealed = new Uint8Array(24 + TAG_BYTES);
    aead.seal(key!, nonce!, ad!, sealed, 0, 24);
    let tried = 0;
    for (const part of [sealed, key!, nonce!, ad!]) {
      for (let bit = 0; bit < 8 * part.length; bit += 1) {
        part[bit >> 3]! ^= 1 << (bit & 7);
        const copy = sealed.slice();
        expect(aead.open(key!, nonce!, ad!, copy, 0, copy.length)).toBe(false);
        part[bit >> 3]! ^= 1 << (bit & 7);
        tried += 1;
      }
    }
    expect(tried).toBe(8 * (40 + 32 + 12 + 20));
    expect(aead.open(key!, nonce!, ad!, sealed, 0, sealed.length)).toBe(true);
  });

  it('seals nothing at all, and takes a Buffer and a part of a larger array', () => {
    const [key, nonce] = [new Uint8Array(32), new Uint8Array(12)];
    const ad = new Uint8Array(0);
    const sealed = Buffer.alloc(64).subarray(8, 40);
    aead.seal(key, nonce, ad, sealed, 3, 3);
    expect(aead.open(key, nonce, ad, sealed, 3, 19)).toBe(true);
    sealed[4]! ^= 1;
    expect(aead.open(key, nonce, ad, sealed, 3, 19)).toBe(false);
  });

  it('meets wrong sizes with an assertion, not with the end of the process', () => {
    const [key, nonce, buffer] = [new Uint8Array(32), new Uint8Array(12), new Uint8Array(64)];
    const wrong: (() => unknown)[] = [
      () => aead.seal(key.subarray(1), nonce, nonce, buffer, 0, 8),
      () => aead.seal(key, nonce.subarray(1), nonce, buffer, 0, 8),
      () => aead.seal(key, nonce, nonce, buffer, 0, 49),
      () => aead.seal(key, nonce, nonce, buffer, -1, 8),
      () => aead.seal(key, nonce, nonce, buffer, 9, 8),
      () => aead.open(key, nonce, nonce, buffer, 0, 15),
      () => aead.open(key, nonce, nonce, buffer, 0, 65),
      () => aead.open(key.subarray(1), nonce, nonce, buffer, 0, 32),
      () => primitives.publicKey(key.subarray(1)),
      () => primitives.sharedSecret(key.subarray(1), key),
      () => primitives.sharedSecret(key, nonce),
    ];
    for (const call of wrong) expect(call).toThrow('invariant broken');
  });

  it.each(X25519_VECTORS)('X25519 of RFC 7748 §5.2: %s', (secret, point, result) => {
    expect(hexOf(primitives.sharedSecret(bytesOf(secret), bytesOf(point))!)).toBe(result);
  });

  it('X25519 of RFC 7748 §5.2, a thousand times', () => {
    let k = bytesOf(`09${'00'.repeat(31)}`);
    let u = k;
    for (let i = 1; i <= 1000; i += 1) {
      const next = primitives.sharedSecret(k, u)!;
      u = k;
      k = next;
      if (i === 1) {
        expect(hexOf(k)).toBe('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
      }
    }
    expect(hexOf(k)).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
  });

  it('X25519 of RFC 7748 §6.1, from both sides', () => {
    const [alice, bob] = [bytesOf(ALICE), bytesOf(BOB)];
    expect(hexOf(primitives.publicKey(alice))).toBe(ALICE_PUBLIC);
    expect(hexOf(primitives.publicKey(bob))).toBe(BOB_PUBLIC);
    expect(hexOf(primitives.sharedSecret(alice, bytesOf(BOB_PUBLIC))!)).toBe(SHARED);
    expect(hexOf(primitives.sharedSecret(bob, bytesOf(ALICE_PUBLIC))!)).toBe(SHARED);
  });

  it.each(LOW_ORDER_POINTS)('shares nothing with the point of low order %s', (point) => {
    for (const highBit of [0, 0x80]) {
      const bytes = bytesOf(point);
      bytes[31]! |= highBit;
      expect(primitives.sharedSecret(bytesOf(ALICE), bytes)).toBeUndefined();
    }
  });

  it('hashes and authenticates: FIPS 180-4, RFC 7693, RFC 4231', () => {
    const blake = loadPrimitives(library, 'BLAKE2b');
    const abc = lettersOf('abc');
    expect(hexOf(primitives.hash(abc))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(hexOf(blake.hash(abc))).toBe(
      'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1' +
        '7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
    );
    const mac = primitives.hmac(lettersOf('Jefe'), lettersOf('what do ya want for nothing?'));
    expect(hexOf(mac)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  });

  it.each(HKDF_VECTORS)('HKDF of RFC 5869', (inputKey, salt, info, output) => {
    const expected = hexOf(bytesOf(output));
    const [key, saltBytes, infoBytes] = [inputKey, salt, info].map(bytesOf);
    const result = hkdf(primitives, saltBytes!, key!, infoBytes!, expected.length / 2);
    expect(hexOf(result)).toBe(expected);
  });

  it('compares and wipes', () => {
    const secret = Uint8Array.of(1, 2, 3);
    expect(primitives.equal(secret, Uint8Array.of(1, 2, 3))).toBe(true);
    expect(primitives.equal(secret, Uint8Array.of(1, 2, 4))).toBe(false);
    expect(primitives.equal(secret, Uint8Array.of(1, 2))).toBe(false);
    primitives.wipe(secret);
    expect(secret).toEqual(new Uint8Array(3));
    primitives.wipe(new Uint8Array(0));
  });
});
