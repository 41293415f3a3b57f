/**
 * From a password to a key, slowly and with much memory: whoever stole the server's file has to do
 * this for every guess. It runs where the password is typed, never on a server for its clients.
 */
import { scrypt } from 'node:crypto';
import { PASSWORD_MAX_BYTES, SLOW_HASH_MAX_BYTES } from '../limits.ts';

/** Stored with each password, so that later ones can cost more (RFC 7914). */
export interface HashParameters {
  readonly algorithm: 'scrypt';
  /** Cost: a power of two; memory is 128 · n · r bytes. */
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** What new passwords get: 128 MiB and about half a second, as OWASP advises for scrypt. */
export const HASH_PARAMETERS: HashParameters = { algorithm: 'scrypt', n: 2 ** 17, r: 8, p: 1 };

export const SALT_BYTES = 16;
export const HASH_BYTES = 32;

/** A server that asks for less wants a password that is quickly guessed: 32 MiB. */
const LEAST_BYTES = 128 * 2 ** 15 * 8;

const MOST_LANES = 4;

/** The reason why `password` cannot be one, without a word of it, or undefined. */
export function passwordFault(password: string): string | undefined {
  if (password === '') return 'the password is empty';
  if (Buffer.byteLength(password) > PASSWORD_MAX_BYTES) {
    return `the password is longer than ${PASSWORD_MAX_BYTES} bytes`;
  }
  if (/[\p{Cc}\p{Cs}]/u.test(password)) return 'the password holds a control character';
  return undefined;
}

/** The reason why a client does not hash with these parameters, or undefined. */
export function parametersFault({ n, r, p }: HashParameters): string | undefined {
  if (![n, r, p].every((value) => Number.isSafeInteger(value) && value > 0)) return 'no numbers';
  if (n < 2 || !Number.isInteger(Math.log2(n))) return 'n is no power of two';
  const bytes = 128 * n * r;
  if (bytes < LEAST_BYTES) return 'the password would be guessed too quickly';
  if (bytes > SLOW_HASH_MAX_BYTES || p > MOST_LANES) return 'it would take too much memory or time';
  return undefined;
}

/**
 * The slow hash, 32 bytes; the caller overwrites it when it is done.
 * @param password one without a fault
 * @throws RangeError for parameters with a fault, a programmer's error
 */
export async function slowHash(
  password: string,
  salt: Uint8Array,
  parameters: HashParameters,
): Promise<Uint8Array> {
  const fault = passwordFault(password) ?? parametersFault(parameters);
  if (fault !== undefined) throw new RangeError(fault);
  const { n: N, r, p } = parameters;
  // Twice what the memory itself takes: OpenSSL counts its own needs too.
  const options = { N, r, p, maxmem: 2 * 128 * r * (N + p) };
  // The same letters typed on another system may be composed otherwise (RFC 8265, OpaqueString).
  const text = Buffer.from(password.normalize('NFC'));
  try {
    return await new Promise((resolve, reject) => {
      scrypt(text, salt, HASH_BYTES, options, (error, key) => {
        if (error === null) resolve(new Uint8Array(key));
        else reject(error);
      });
    });
  } finally {
    text.fill(0);
  }
}
