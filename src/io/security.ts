/**
 * What protects the segments of a socket: keys, and the secrets behind cookies and reset tokens.
 * The pure parts are in `crypto` and `transport`; here they meet entropy, clock and addresses.
 */
import { randomFillSync } from 'node:crypto';
import { asciiBytes } from '../crypto/ascii.ts';
import { Cookies as CookieMaker } from '../crypto/cookie.ts';
import { hkdf } from '../crypto/hkdf.ts';
import { KEY_BYTES, type Primitives } from '../crypto/primitives.ts';
import { resetToken } from '../crypto/reset-token.ts';
import type { EndpointConfig } from '../transport/config.ts';
import { noiseProtection } from '../transport/noise-protection.ts';
import { type Cookies, plainProtection, type ResetTokens } from '../transport/protection.ts';
import { PASS_THROUGH } from '../transport/seal.ts';
import type { PeerAddress } from '../transport/types.ts';
import { INSECURE_VERSION } from '../wire/codes.ts';
import { addressBytes } from './address-bytes.ts';
import { MONOTONIC_CLOCK } from './clock.ts';
import { loadPrimitives } from './primitives.ts';

/** Sealed segments; or, for teaching and packet study, none. */
export type Security =
  | { readonly kind: 'insecure' }
  | {
      readonly kind: 'sealed';
      /** X25519, 32 bytes: who this side is. A client without one is nobody in particular. */
      readonly secret?: Uint8Array | undefined;
      /** Server: when a SYN has to show a cookie. */
      readonly cookieDemand?: 'load' | 'always' | undefined;
    };

/** Sealed by a key that is made on the spot. */
export const SEALED: Security = { kind: 'sealed' };

export type SecurityConfig = Pick<
  EndpointConfig,
  'protection' | 'cookies' | 'resetTokens' | 'cookieDemand'
>;

/** The part of an endpoint's configuration that `security` means. */
export function securityConfig(security: Security, accepts: boolean): SecurityConfig {
  if (security.kind === 'insecure') {
    return { protection: plainProtection(PASS_THROUGH, INSECURE_VERSION) };
  }
  const primitives = loadPrimitives();
  const staticSecret = security.secret ?? entropy(KEY_BYTES);
  const protection = noiseProtection({ primitives, staticSecret, entropy });
  if (!accepts) return { protection };
  return {
    protection,
    cookies: cookiesOf(primitives),
    resetTokens: resetTokensOf(primitives, staticSecret),
    cookieDemand: security.cookieDemand ?? 'load',
  };
}

function entropy(bytes: number): Uint8Array {
  return randomFillSync(new Uint8Array(bytes));
}

function cookiesOf(primitives: Primitives): Cookies {
  const maker = new CookieMaker(primitives, MONOTONIC_CLOCK.nowMs(), entropy(KEY_BYTES));
  return {
    make: (nowMs, peer, sourcePort) => {
      if (maker.isRotationDue(nowMs)) maker.rotate(nowMs, entropy(KEY_BYTES));
      return maker.make(nowMs, addressBytes(peer.address), peer.port, sourcePort);
    },
    check: (nowMs, peer, sourcePort, shown) =>
      maker.check(nowMs, addressBytes(peer.address), peer.port, sourcePort, shown),
  };
}

const RESET_INFO = asciiBytes('lftp-udp reset secret');
const NO_SALT = new Uint8Array(0);

/** The secret comes from the server's key, so a server that was started anew still has it. */
function resetTokensOf(primitives: Primitives, staticSecret: Uint8Array): ResetTokens {
  const secret = hkdf(primitives, NO_SALT, staticSecret, RESET_INFO, KEY_BYTES);
  return {
    make: (peer: PeerAddress, ownPort, peerPort) =>
      resetToken(primitives, secret, {
        address: addressBytes(peer.address),
        udpPort: peer.port,
        clientPort: peerPort,
        serverPort: ownPort,
      }),
  };
}
