/**
 * What a client says about itself inside the third handshake message, where it costs no round trip
 * (docs/PROTOCOL.md, LOGIN): the account it wants and a nonce, or a token of a session it has.
 */
import { encode } from 'cbor2/encoder';
import { LOGIN_NONCE_BYTES } from '../accounts/password-proof.ts';
import { MAX_ACCOUNT_NAME } from '../limits.ts';
import { bytesField, decodeMap, textField } from '../message-fields.ts';

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
  try {
    const fields = decodeMap(bytes, 2);
    if (fields.has('token')) {
      return { kind: 'token', token: bytesField(fields, 'token', ATTACH_TOKEN_BYTES) };
    }
    const name = textField(fields, 'name');
    if (name.length > MAX_ACCOUNT_NAME) return undefined;
    return { kind: 'account', name, nonce: bytesField(fields, 'nonce', LOGIN_NONCE_BYTES) };
  } catch {
    return undefined;
  }
}
