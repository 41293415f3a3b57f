/**
 * Who may come in: the server's side of logging in, without channel and clock.
 *
 * A client key that the account has costs no round trip. Otherwise the account's password is asked
 * for, whether there is such an account or not, and every refusal is the same one.
 */
import { timingSafeEqual } from 'node:crypto';
import type { PeerIdentity } from '../../transport/types.ts';
import type { AnonymousRule } from '../access.ts';
import type { AccountStore } from '../accounts/account-store.ts';
import { ANONYMOUS } from '../accounts/account-name.ts';
import {
  type LoginContext,
  type PasswordRecord,
  recordOrFake,
  verifyLogin,
} from '../accounts/password-proof.ts';
import type { Offence, Penalties } from '../accounts/penalties.ts';
import type { AttachTokens } from './attach-tokens.ts';
import { ATTACH_TOKEN_BYTES, decodeLogin } from './login-blob.ts';
import { MAX_TOKENS_ASKED } from './login-messages.ts';
import type { Principal } from './principal.ts';

export interface LoginsOptions {
  /** Undefined: nobody can log in (`--insecure`). */
  readonly accounts: AccountStore | undefined;
  /** Undefined: `ro` while there is no account, `off` once there is one. */
  readonly anonymous: AnonymousRule | undefined;
  readonly penalties: Penalties;
  readonly tokens: AttachTokens;
  readonly nowMs: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** One client at the door. */
export interface Caller {
  readonly address: string;
  /** Undefined on an unsealed connection. */
  readonly identity: PeerIdentity | undefined;
  readonly login: Uint8Array | undefined;
}

/** A password is wanted; the answer to `proof` goes out after `delayMs`, whatever it is. */
export interface Challenge {
  readonly kind: 'challenge';
  readonly name: string;
  readonly record: PasswordRecord;
  readonly context: LoginContext;
  readonly delayMs: number;
}

export type Entrance =
  | { readonly kind: 'in'; readonly principal: Principal }
  | Challenge
  /** Login refused; `waitMs` > 0: this source is not heard for so long. */
  | { readonly kind: 'refused'; readonly waitMs: number };

const REFUSED: Entrance = { kind: 'refused', waitMs: 0 };

export class Logins {
  private readonly options: LoginsOptions;

  constructor(options: LoginsOptions) {
    this.options = options;
  }

  get accounts(): AccountStore | undefined {
    return this.options.accounts;
  }

  /** What those without an account may do at this moment. */
  get anonymous(): AnonymousRule {
    const { anonymous, accounts } = this.options;
    if (anonymous !== undefined) return anonymous;
    return accounts === undefined || accounts.count === 0 ? 'ro' : 'off';
  }

  /** Who is remembered for failing, and tokens that are out; and what made room for others. */
  counters(): Readonly<Record<string, number>> {
    const { penalties, tokens } = this.options;
    return {
      penalties: penalties.size,
      penaltiesForgotten: penalties.forgotten,
      tokens: tokens.size,
      tokensVoided: tokens.voided,
    };
  }

  /** Whether anybody may put files here. */
  get mayWrite(): boolean {
    const { anonymous } = this;
    return anonymous === 'rw' || anonymous === 'drop' || (this.options.accounts?.count ?? 0) > 0;
  }

  /** Tokens for further connections of the client that has `publicKey` (P-LOGIN-10). */
  makeTokens(count: number, principal: Principal, publicKey: Uint8Array): readonly Uint8Array[] {
    const { tokens, nowMs, randomBytes } = this.options;
    // Without an account nothing is asked, so nothing is spared.
    if (principal.name === ANONYMOUS) return [];
    return Array.from({ length: Math.min(count, MAX_TOKENS_ASKED) }, () => {
      const token = randomBytes(ATTACH_TOKEN_BYTES);
      tokens.add(nowMs(), token, principal.name, publicKey);
      return token;
    });
  }

  /** @param serverNonce 32 unpredictable bytes */
  begin(nowMs: number, caller: Caller, serverNonce: Uint8Array): Entrance {
    const { identity, login } = caller;
    if (login === undefined) return this.asAnonymous();
    const blob = decodeLogin(login);
    if (blob === undefined) return REFUSED;
    if (blob.kind === 'account' && blob.name === ANONYMOUS) return this.asAnonymous();
    // Whoever wants an account is never let in as somebody else (P-LOGIN-01).
    if (identity === undefined) return REFUSED;
    if (blob.kind === 'token') return this.byToken(nowMs, identity, blob.token);
    return this.asAccount(nowMs, caller.address, identity, blob.name, blob.nonce, serverNonce);
  }

  /** P-LOGIN-09 */
  private asAnonymous(): Entrance {
    const access = this.anonymous;
    if (access === 'off') return REFUSED;
    return { kind: 'in', principal: { name: ANONYMOUS, home: undefined, access } };
  }

  /** A token is worth what its account is worth at this moment. */
  private byToken(nowMs: number, identity: PeerIdentity, token: Uint8Array): Entrance {
    const name = this.options.tokens.take(nowMs, token, identity.publicKey);
    const principal = name === undefined ? undefined : this.principalOf(name);
    return principal === undefined ? REFUSED : { kind: 'in', principal };
  }

  private asAccount(
    nowMs: number,
    address: string,
    identity: PeerIdentity,
    name: string,
    clientNonce: Uint8Array,
    serverNonce: Uint8Array,
  ): Entrance {
    const { accounts, penalties } = this.options;
    if (accounts === undefined) return REFUSED;
    const entry = accounts.login(name);
    // P-LOGIN-02: a key cannot be guessed, so a neighbour who guesses keeps nobody out who has one.
    if (entry.hasKey(identity.publicKey)) {
      const principal = this.principalOf(name);
      if (principal !== undefined) return { kind: 'in', principal };
    }
    const admission = penalties.admit(nowMs, address, name);
    if (admission.kind === 'refused') return admission;
    // P-LOGIN-04: the same steps for every name, also for one that nobody has.
    const { record: own, hasPassword } = entry;
    const record = recordOrFake(own, hasPassword, accounts.fakeSecret(), name);
    const { channelBinding: binding } = identity;
    const context = { name, clientNonce, serverNonce, binding };
    return { kind: 'challenge', name, record, context, delayMs: admission.delayMs };
  }

  /** The answer to a challenge. @returns the server's own proof with who it is, or undefined */
  prove(
    nowMs: number,
    address: string,
    challenge: Challenge,
    proof: Uint8Array,
  ): { readonly principal: Principal; readonly signature: Uint8Array } | undefined {
    const { penalties } = this.options;
    const { isRight, signature } = verifyLogin(challenge.record, challenge.context, proof);
    // Looked up only now, so that a wrong answer takes as long for every name.
    const principal = isRight ? this.provenPrincipal(challenge) : undefined;
    if (principal === undefined) {
      penalties.fail(nowMs, challenge.name);
      return undefined;
    }
    penalties.succeed(nowMs, address);
    return { principal, signature };
  }

  /** What a source is punished for besides wrong passwords. */
  punish(nowMs: number, address: string, offence: Offence): void {
    this.options.penalties.punish(nowMs, address, offence);
  }

  /** While somebody typed the password, another may have changed it. */
  private provenPrincipal({ name, record }: Challenge): Principal | undefined {
    const now = this.options.accounts?.login(name);
    const isCurrent =
      now?.hasPassword === true && timingSafeEqual(now.record.storedKey, record.storedKey);
    return isCurrent ? this.principalOf(name) : undefined;
  }

  private principalOf(name: string): Principal | undefined {
    const home = this.options.accounts?.login(name).home;
    return home === undefined ? undefined : { name, home, access: 'rw' };
  }
}
