/**
 * Tokens by which a session's client joins further connections to it without another login: one
 * use each, five minutes, and only for the client key that they were made for.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { MAX_ACCOUNT_TOKENS, MAX_ATTACH_TOKENS } from '../limits.ts';

export const ATTACH_TOKEN_MS = 300_000;

interface Entry {
  readonly account: string;
  readonly publicKey: Uint8Array;
  readonly untilMs: number;
}

export class AttachTokens {
  /** Tokens that made room for newer ones. */
  voided = 0;
  /** By the token's digest: looking one up tells nothing about the others. Oldest first. */
  private readonly entries = new Map<string, Entry>();
  /** Digests of each account's tokens, oldest first. */
  private readonly byAccount = new Map<string, Set<string>>();

  get size(): number {
    return this.entries.size;
  }

  /** @param token 32 unpredictable bytes */
  add(nowMs: number, token: Uint8Array, account: string, publicKey: Uint8Array): void {
    for (const [key, { untilMs }] of this.entries) {
      // Full, the oldest goes: its owner logs in again, and nothing else is lost.
      const isGood = untilMs > nowMs;
      if (isGood && this.entries.size < MAX_ATTACH_TOKENS) break;
      if (isGood) this.voided += 1;
      this.forget(key);
    }
    // Who asks for more than anybody needs voids its own tokens, and not those of others.
    const own = this.byAccount.get(account) ?? new Set();
    const [oldest] = own;
    if (oldest !== undefined && own.size >= MAX_ACCOUNT_TOKENS) {
      this.voided += 1;
      this.forget(oldest);
    }
    const key = digestOf(token);
    this.byAccount.set(account, own.add(key));
    this.entries.set(key, { account, publicKey, untilMs: nowMs + ATTACH_TOKEN_MS });
  }

  /** The account that the token lets in; it is used up, whoever showed it. */
  take(nowMs: number, token: Uint8Array, publicKey: Uint8Array): string | undefined {
    const key = digestOf(token);
    const entry = this.entries.get(key);
    this.forget(key);
    // P-LOGIN-10
    if (entry === undefined || nowMs >= entry.untilMs) return undefined;
    return timingSafeEqual(entry.publicKey, publicKey) ? entry.account : undefined;
  }

  private forget(key: string): void {
    const account = this.entries.get(key)?.account;
    this.entries.delete(key);
    if (account === undefined) return;
    const own = this.byAccount.get(account);
    own?.delete(key);
    if (own?.size === 0) this.byAccount.delete(account);
  }
}

function digestOf(token: Uint8Array): string {
  return createHash('sha256').update(token).digest('base64');
}
