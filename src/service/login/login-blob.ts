/**
 * What a client says about itself inside the third handshake message, where it costs no round trip
 * (docs/PROTOCOL.md, LOGIN): the account it wants and a nonce, or a token of a session it has.
 */
import { decode } from 'cbor2/decoder';
import { encode } from 'cbor2/encoder';
import { LOGIN_NONCE_BYTES } from '../accounts/password-proof.ts';
import { MAX_ACCOUNT_NAME } from '../limits.ts';

export const ATTACH_TOKEN_BYTES = 32;

export type LoginBlob =
  | { readonly kind: 'account'; readonly name: string; readonly nonce: Uint8Array }
  | { readonly kind: 'token'; readonly token: Uint8Array };

export function encodeLogin(login: LoginBlob): Uint8Array {
  if (login.kind === 'token') return encode({ token: login.token });
  return encode({ name: login.name, nonce: login.nonce });
}

/** Undefined for anything that is no login: never throws, whatever the bytes are. */
export function decodeLogin(bytes: Uint8Array): LoginBlob | undefined {
  let fields: unknown;
  try {
    fields = decode(bytes, {
      ignoreGlobalTags: true,
      preferMap: true,
      rejectDuplicateKeys: true,
      rejectStreaming: true,
      maxDepth: 2,
    });
  } catch {
    return undefined;
  }
  if (!(fields instanceof Map)) return undefined;
  const token: unknown = fields.get('token');
  if (isBytes(token, ATTACH_TOKEN_BYTES)) return { kind: 'token', token: new Uint8Array(token) };
  const name: unknown = fields.get('name');
  const nonce: unknown = fields.get('nonce');
  if (typeof name !== 'string' || name.length > MAX_ACCOUNT_NAME) return undefined;
  if (!isBytes(nonce, LOGIN_NONCE_BYTES)) return undefined;
  return { kind: 'account', name, nonce: new Uint8Array(nonce) };
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}
