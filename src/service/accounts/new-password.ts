/** A password that somebody chose, as what a server keeps of it. */
import { randomBytes } from 'node:crypto';
import { passwordRecord } from './password-proof.ts';
import type { PasswordRecord } from './password-proof.ts';
import { HASH_PARAMETERS, SALT_BYTES, slowHash } from './slow-hash.ts';
import type { HashParameters } from './slow-hash.ts';

/** @param password one without a fault (slow-hash.ts) */
export async function newPasswordRecord(
  password: string,
  parameters: HashParameters = HASH_PARAMETERS,
): Promise<PasswordRecord> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES));
  const hash = await slowHash(password, salt, parameters);
  try {
    return passwordRecord(hash, { salt, parameters });
  } finally {
    hash.fill(0);
  }
}
