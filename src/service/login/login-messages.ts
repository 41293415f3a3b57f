/** The messages of logging in: part of the file service's, and decoded with them. */
import { type HashParameters, SALT_BYTES } from '../accounts/slow-hash.ts';
import { LOGIN_NONCE_BYTES, PROOF_BYTES } from '../accounts/password-proof.ts';
import { MAX_ACCOUNT_NAME } from '../limits.ts';
import {
  bytesField,
  bytesListField,
  FieldFault,
  type FieldMap,
  naturalField,
  optional,
  textField,
} from '../message-fields.ts';
import { ATTACH_TOKEN_BYTES } from './login-blob.ts';

/** Server: prove that you know the password. */
export interface ChallengeMessage extends HashParameters {
  readonly op: 'challenge';
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
}

/** Client: the answer to a challenge. */
export interface ProofMessage {
  readonly op: 'proof';
  readonly proof: Uint8Array;
}

/** Server: come in; and the proof that the server knows the password too. */
export interface WelcomeMessage {
  readonly op: 'welcome';
  readonly name: string;
  /** Missing where no password was asked for. */
  readonly signature?: Uint8Array | undefined;
}

/** Client: how many tokens for further connections it wants; answered by `TokensAnswer`. */
export interface TokensRequest {
  readonly op: 'tokens';
  readonly id: number;
  readonly count: number;
}

export interface TokensAnswer {
  readonly kind: 'tokens';
  readonly re: number;
  readonly tokens: readonly Uint8Array[];
}

export function challengeMessage(fields: FieldMap): ChallengeMessage {
  if (textField(fields, 'algorithm') !== 'scrypt') throw new FieldFault('an unknown slow hash');
  return {
    op: 'challenge',
    algorithm: 'scrypt',
    n: naturalField(fields, 'n'),
    r: naturalField(fields, 'r'),
    p: naturalField(fields, 'p'),
    salt: bytesField(fields, 'salt', SALT_BYTES),
    nonce: bytesField(fields, 'nonce', LOGIN_NONCE_BYTES),
  };
}

export function proofMessage(fields: FieldMap): ProofMessage {
  return { op: 'proof', proof: bytesField(fields, 'proof', PROOF_BYTES) };
}

export function welcomeMessage(fields: FieldMap): WelcomeMessage {
  const name = textField(fields, 'name');
  if (name.length > MAX_ACCOUNT_NAME) throw new FieldFault('field name is too long');
  const read = (map: FieldMap, field: string): Uint8Array => bytesField(map, field, PROOF_BYTES);
  return { op: 'welcome', name, signature: optional(fields, 'signature', read) };
}

/** Tokens that one answer holds at most. */
export const MAX_TOKENS_ASKED = 16;

export function tokensAnswer(fields: FieldMap, re: number): TokensAnswer {
  const tokens = bytesListField(fields, 'tokens', MAX_TOKENS_ASKED, ATTACH_TOKEN_BYTES);
  return { kind: 'tokens', re, tokens };
}
