/**
 * Proving a password without telling it, in the shape of SCRAM (RFC 5802 §3, P-LOGIN-03):
 *
 *   ClientKey = HMAC(SlowHash, "Client Key")     StoredKey = H(ClientKey)
 *   ServerKey = HMAC(SlowHash, "Server Key")
 *   proof     = ClientKey XOR HMAC(StoredKey, transcript)
 *   signature = HMAC(ServerKey, transcript)
 *
 * The server keeps salt, StoredKey and ServerKey, none of which logs anybody in. The transcript
 * holds the hash of the handshake below, so a proof that somebody in the middle got is worth
 * nothing in the connection that he has himself. H is SHA-256, everything here is deterministic.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { HASH_PARAMETERS } from './slow-hash.ts';
import type { HashParameters } from './slow-hash.ts';

export const PROOF_BYTES = 32;
export const LOGIN_NONCE_BYTES = 32;

/** What a server tells before the proof. */
export interface PasswordChallenge {
  readonly salt: Uint8Array;
  readonly parameters: HashParameters;
}

/** What a server keeps. */
export interface PasswordRecord extends PasswordChallenge {
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** What both sides know about this login. */
export interface LoginContext {
  readonly name: string;
  readonly clientNonce: Uint8Array;
  readonly serverNonce: Uint8Array;
  /** The channel: hash of the whole handshake (RFC 5929 speaks of channel binding). */
  readonly binding: Uint8Array;
}

export interface ClientProof {
  readonly proof: Uint8Array;
  /** What a server that knows the password answers. */
  readonly signature: Uint8Array;
}

export interface Verdict {
  readonly isRight: boolean;
  /** To be told only if the proof was right. */
  readonly signature: Uint8Array;
}

/** What to keep of a password, from its slow hash over `challenge`. */
export function passwordRecord(hash: Uint8Array, challenge: PasswordChallenge): PasswordRecord {
  const { salt, parameters } = challenge;
  const storedKey = sha256(hmac(hash, 'Client Key'));
  return { salt, parameters, storedKey, serverKey: hmac(hash, 'Server Key') };
}

/** The client's side. */
export function proveLogin(
  hash: Uint8Array,
  challenge: PasswordChallenge,
  context: LoginContext,
): ClientProof {
  const clientKey = hmac(hash, 'Client Key');
  const { storedKey, serverKey } = passwordRecord(hash, challenge);
  const said = transcript(challenge, context);
  const proof = xor(clientKey, hmac(storedKey, said));
  return { proof, signature: hmac(serverKey, said) };
}

/** The server's side: the same steps for right and wrong, for real and made-up records. */
export function verifyLogin(
  record: PasswordRecord,
  context: LoginContext,
  proof: Uint8Array,
): Verdict {
  const said = transcript(record, context);
  const clientKey = xor(proof, hmac(record.storedKey, said));
  const isRight = timingSafeEqual(sha256(clientKey), record.storedKey);
  const signature = hmac(record.serverKey, said);
  return { isRight: isRight && proof.length === PROOF_BYTES, signature };
}

/** Whether the server's answer shows that it knows the password too. */
export function isSignature(expected: Uint8Array, signature: Uint8Array): boolean {
  return expected.length === signature.length && timingSafeEqual(expected, signature);
}

/**
 * The record to use for `name`: its own, or one made up when there is none. The made-up one is the
 * same each time somebody asks, cannot be guessed without `secret`, and no proof fits it. Both are
 * read and worked out for every name, and mixed byte by byte, so that they take the same time.
 * @param record the name's own; anything of that shape if `isReal` is false
 */
export function recordOrFake(
  record: PasswordRecord,
  isReal: boolean,
  secret: Uint8Array,
  name: string,
): PasswordRecord {
  const mask = isReal ? 0xff : 0;
  const mixed = (real: Uint8Array, what: string): Uint8Array => {
    const fake = hmac(secret, `${what} ${name}`);
    return real.map((byte, index) => (byte & mask) | ((fake[index] ?? 0) & ~mask));
  };
  return {
    salt: mixed(record.salt, 'salt'),
    parameters: [HASH_PARAMETERS, record.parameters][mask & 1] ?? HASH_PARAMETERS,
    storedKey: mixed(record.storedKey, 'stored key'),
    serverKey: mixed(record.serverKey, 'server key'),
  };
}

/** Every field with its length in front: no two logins have the same transcript. */
function transcript({ salt, parameters }: PasswordChallenge, context: LoginContext): Uint8Array {
  const { algorithm, n, r, p } = parameters;
  const fields = [
    Buffer.from('lftp-udp password 1'),
    Buffer.from(context.name),
    Buffer.from(`${algorithm} ${n} ${r} ${p}`),
    salt,
    context.clientNonce,
    context.serverNonce,
    context.binding,
  ];
  return Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field.length);
      return [length, field];
    }),
  );
}

function hmac(key: Uint8Array, data: string | Uint8Array): Uint8Array {
  return new Uint8Array(createHmac('sha256', key).update(data).digest());
}

function sha256(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(data).digest());
}

/** As long as `b`; a shorter `a` counts as zeros behind its end. */
function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return b.map((byte, index) => byte ^ (a[index] ?? 0));
}
