import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64url, toBase64url } from '../../../src/crypto/base64url.ts';
import {
  fingerprint,
  formatKeyLine,
  MAX_KEY_LINE,
  parseFingerprint,
  parseKeyLine,
} from '../../../src/crypto/fingerprint.ts';
import { loadPrimitives } from '../../../src/io/primitives.ts';
import { BOTH, bytesOf, hexOf } from './bytes.ts';

const KEY = bytesOf('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
const KEY_TEXT = 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo';
const LINE = `lftp-x25519 ${KEY_TEXT}`;

describe('base64url', () => {
  it('writes what Node writes, and reads it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const text = toBase64url(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64url(text)).toEqual(bytes);
      }),
    );
  });

  it('reads one spelling of each value', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        const bytes = fromBase64url(text);
        expect(bytes === undefined || toBase64url(bytes) === text).toBe(true);
      }),
    );
    for (const text of ['A', 'AB==', 'AB', 'AAB', 'AA=', 'A A', '+/', 'AAAAA', 'ÄAAA', '😀A']) {
      expect(fromBase64url(text), text).toBeUndefined();
    }
    expect(fromBase64url('AA')).toEqual(Uint8Array.of(0));
    expect(fromBase64url('')).toEqual(new Uint8Array(0));
  });
});

describe('fingerprints', () => {
  const text = 'SHA256:MALJs1oVIbUASYi6sDtSaiL1sRSOc5bjqrGfrQo8Hmg';

  it.each(BOTH)('are SHA-256 of the key, by $name', (primitives) => {
    const digest = hexOf(primitives.hash(KEY));
    const printed = fingerprint(primitives, KEY);
    expect(printed).toMatch(/^SHA256:[\w-]{43}$/);
    expect(hexOf(parseFingerprint(printed)!)).toBe(digest);
  });

  it('are read strictly', () => {
    expect(parseFingerprint(text)).toHaveLength(32);
    const wrong = [
      text.slice(7),
      text.slice(0, -1),
      `${text}=`,
      `${text}A`,
      ` ${text}`,
      text.replace('SHA256', 'sha256'),
      text.replace('SHA256', 'MD5'),
      'SHA256:',
      '',
      // The same 32 bytes with a bit set beyond them.
      `${text.slice(0, -1)}h`,
    ];
    for (const other of wrong) expect(parseFingerprint(other), other).toBeUndefined();
  });

  it('are of whole keys, and of SHA-256', () => {
    expect(() => fingerprint(BOTH[0], KEY.subarray(1))).toThrow('32 bytes');
    expect(() => fingerprint(loadPrimitives('node', 'BLAKE2b'), KEY)).toThrow('SHA-256');
  });
});

describe('key lines', () => {
  it('say the key, and a comment where there is one', () => {
    expect(formatKeyLine(KEY)).toBe(LINE);
    expect(formatKeyLine(KEY, 'ann at home')).toBe(`${LINE} ann at home`);
    expect(parseKeyLine(LINE)).toEqual({ publicKey: KEY, comment: '' });
    expect(parseKeyLine(`${LINE} ann at home`)).toEqual({
      publicKey: KEY,
      comment: 'ann at home',
    });
    expect(parseKeyLine(`${LINE} Änne 😀`)?.comment).toBe('Änne 😀');
  });

  it('are read strictly', () => {
    const wrong = [
      '',
      KEY_TEXT,
      `ssh-ed25519 ${KEY_TEXT}`,
      ` ${LINE}`,
      `${LINE}\n`,
      LINE.replace(' ', '  '),
      LINE.replace(' ', '\t'),
      LINE.slice(0, -1),
      `${LINE}A`,
      `${LINE}=`,
      // The same 32 bytes with a bit set beyond them.
      `${LINE.slice(0, -1)}p`,
      LINE.replace('_', '/'),
      `${LINE} a\nb`,
      `${LINE} \u001b[2J`,
      `${LINE} a\u0000`,
      `${LINE} \u0085`,
      `${LINE} ${'x'.repeat(MAX_KEY_LINE - LINE.length)}`,
    ];
    for (const line of wrong) expect(parseKeyLine(line), JSON.stringify(line)).toBeUndefined();
    expect(parseKeyLine(`${LINE} ${'x'.repeat(MAX_KEY_LINE - LINE.length - 1)}`)).toBeDefined();
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.string(), (key, comment) => {
        const line = formatKeyLine(key, comment);
        const read = parseKeyLine(line);
        const isClean = !/\p{Cc}/u.test(comment);
        expect(read).toEqual(isClean ? { publicKey: key, comment } : undefined);
      }),
    );
  });

  it('are of whole keys', () => {
    expect(() => formatKeyLine(KEY.subarray(1))).toThrow('32 bytes');
  });
});
