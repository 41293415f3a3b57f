/**
 * Tokens by which a session's client joins further connections to it without another login: one
 * use each, five minutes, and only for the client key that they were made for.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { MAX_ATTACH_TOKENS } from '../limits.ts';
import type { Principal } from './principal.ts';

export const ATTACH_TOKEN_MS = 300_000;

interface Entry {
  readonly principal: Principal;
  readonly publicKey: Uint8Array;
  readonly untilMs: number;
}

export class AttachTokens {
  /** By the token's digest: looking one up tells nothing about the others. Oldest first. */
  private readonly entries = new Map<string, Entry>();

  get size(): number {
    return this.entries.size;
  }

  /** @param token 32 unpredictable bytes */
  add(nowMs: number, token: Uint8Array, principal: Principal, publicKey: Uint8Array): void {
    for (const [key, { untilMs }] of this.entries) {
      // Full, the oldest goes: its owner logs in again, and nothing else is lost.
      if (untilMs > nowMs && this.entries.size < MAX_ATTACH_TOKENS) break;
      this.entries.delete(key);
    }
    this.entries.set(digestOf(token), { principal, publicKey, untilMs: nowMs + ATTACH_TOKEN_MS });
  }

  /** Whom the token lets in; it is used up, whoever showed it. */
  take(nowMs: number, token: Uint8Array, publicKey: Uint8Array): Principal | undefined {
    const key = digestOf(token);
    const entry = this.entries.get(key);
    this.entries.delete(key);
    if (entry === undefined || nowMs >= entry.untilMs) return undefined;
    return timingSafeEqual(entry.publicKey, publicKey) ? entry.principal : undefined;
  }
}

function digestOf(token: Uint8Array): string {
  return createHash('sha256').update(token).digest('base64');
}
