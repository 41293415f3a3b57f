/**
 * Public keys as people see them: a fingerprint to compare, and a line to keep in a file.
 *
 *   SHA256:ZVuZ9jJ0…            fingerprint, 43 letters of base64url
 *   lftp-x25519 hSDwCYkwp1R…    key line, 43 letters of base64url, and a comment if there is one
 */
import { assert } from '../util/assert.ts';
import { fromBase64url, toBase64url } from './base64url.ts';
import { KEY_BYTES, type Primitives } from './primitives.ts';

const FINGERPRINT_PREFIX = 'SHA256:';
const FINGERPRINT_BYTES = 32;
const KEY_TYPE = 'lftp-x25519';

/** Longest key line that is read; bytes of one are letters of ASCII, but for the comment. */
export const MAX_KEY_LINE = 512;

export interface KeyLine {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Empty when there is none; one line without control characters. */
  readonly comment: string;
}

/** `SHA256:` and the SHA-256 of a public key of 32 bytes in base64url without padding. */
export function fingerprint(primitives: Primitives, publicKey: Uint8Array): string {
  assert(primitives.hashName === 'SHA256', 'fingerprints are SHA-256');
  assert(publicKey.length === KEY_BYTES, 'a public key has 32 bytes');
  return FINGERPRINT_PREFIX + toBase64url(primitives.hash(publicKey));
}

/** The 32 bytes of a digest from the text of a fingerprint; undefined when it is none. */
export function parseFingerprint(text: string): Uint8Array | undefined {
  if (!text.startsWith(FINGERPRINT_PREFIX)) return undefined;
  const digest = fromBase64url(text.slice(FINGERPRINT_PREFIX.length));
  return digest?.length === FINGERPRINT_BYTES ? digest : undefined;
}

/** `lftp-x25519 BASE64URL [comment]`, without a line end. */
export function formatKeyLine(publicKey: Uint8Array, comment = ''): string {
  assert(publicKey.length === KEY_BYTES, 'a public key has 32 bytes');
  const line = `${KEY_TYPE} ${toBase64url(publicKey)}`;
  return comment === '' ? line : `${line} ${comment}`;
}

/**
 * A key line, taken strictly: one space between the parts, the one spelling of 32 bytes, a comment
 * without control characters. Undefined for anything else.
 */
export function parseKeyLine(line: string): KeyLine | undefined {
  if (line.length > MAX_KEY_LINE) return undefined;
  const match = /^(\S+) ([\w-]+)(?: (\P{Cc}*))?$/u.exec(line);
  if (match?.[1] !== KEY_TYPE) return undefined;
  const publicKey = fromBase64url(match[2] ?? '');
  if (publicKey?.length !== KEY_BYTES) return undefined;
  return { publicKey, comment: match[3] ?? '' };
}
