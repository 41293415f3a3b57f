/**
 * The accounts whose clients are in, as they are at this moment: what `lftp user` changes counts
 * for their next request, and whoever may not be here any more is sent away (P-ACCT-03).
 */
import { EXIT, LftpError } from '../error.ts';
import type { Principal } from '../login/principal.ts';
import type { Gates } from '../metered-channel.ts';
import type { RemotePath } from '../path.ts';
import { RIGHTS } from '../rights.ts';
import type { PathRule } from '../rights.ts';
import { NO_LIMITS } from './account-limits.ts';
import type { AccountLimits } from './account-limits.ts';
import type { Account } from './account-store.ts';
import { RateGate } from './rate-gate.ts';

/** How often a server looks whether anything has changed. */
export const ACCOUNTS_POLL_MS = 500;

/** What is asked of the account store. */
export interface AccountSource {
  /** Another text whenever anything has changed. @throws LftpError */
  readonly version: string;
  find(name: string): Account | undefined;
}

/** Sends one session away. */
type EndSession = (error: LftpError) => void;

/** What a session does everything as. */
export class LiveAccount implements Principal {
  readonly name: string;
  readonly home: RemotePath | undefined;
  readonly access: Principal['access'];
  rules: readonly PathRule[] = [];
  limits: AccountLimits = NO_LIMITS;
  /** P-ACCT-07: shared by its sessions. */
  readonly gates: Gates = { toClient: new RateGate(), fromClient: new RateGate() };
  /** One for each session. */
  readonly sessions = new Set<EndSession>();

  constructor({ name, home, access }: Principal) {
    this.name = name;
    this.home = home;
    this.access = access;
  }
}

const NO_RIGHTS: readonly PathRule[] = [{ path: [], allowed: [], denied: RIGHTS }];

export class LiveAccounts {
  private readonly source: AccountSource | undefined;
  /** ms since 1970 */
  private readonly dateMs: () => number;
  /** Those with a session. */
  private readonly accounts = new Map<string, LiveAccount>();
  private seenVersion = '';

  constructor(source: AccountSource | undefined, dateMs: () => number) {
    this.source = source;
    this.dateMs = dateMs;
  }

  /** Accounts that have a session. */
  get size(): number {
    return this.accounts.size;
  }

  /**
   * Counts a session of an account; whoever has none is counted nowhere.
   * @param end called once when the account may not be here any more
   * @returns whom it acts for, and what ends the counting
   * @throws LftpError 8 when the account is not what it was at the login, 21 when it has enough
   */
  enter(
    principal: Principal,
    end: EndSession,
  ): { readonly account: LiveAccount; readonly leave: () => void } {
    const { source } = this;
    if (source === undefined || principal.home === undefined) {
      return { account: new LiveAccount(principal), leave: () => undefined };
    }
    const account = this.accounts.get(principal.name) ?? new LiveAccount(principal);
    const gone = this.update(account, source.find(principal.name));
    if (gone !== undefined) throw gone;
    const { maxSessions = Infinity } = account.limits;
    // P-ACCT-04
    if (account.sessions.size >= maxSessions) throw tooManySessions(maxSessions);
    this.accounts.set(account.name, account);
    account.sessions.add(end);
    const leave = (): void => {
      account.sessions.delete(end);
      const isLast = account.sessions.size === 0;
      if (isLast && this.accounts.get(account.name) === account) this.accounts.delete(account.name);
    };
    return { account, leave };
  }

  /**
   * Looks for what has changed, and for accounts whose time is over.
   * @returns whether anything has changed
   * @throws LftpError 14, 21
   */
  refresh(): boolean {
    const { source } = this;
    if (source === undefined) return false;
    const { version } = source;
    const isChanged = version !== this.seenVersion;
    this.seenVersion = version;
    for (const account of this.accounts.values()) {
      const { expiresMs = Infinity } = account.limits;
      const isOver = this.dateMs() >= expiresMs;
      if (!isChanged && !isOver) continue;
      const gone = this.update(account, source.find(account.name));
      if (gone === undefined) continue;
      this.accounts.delete(account.name);
      for (const end of account.sessions) end(gone);
    }
    return isChanged;
  }

  /** @returns why nobody may be here as this account any more, if so */
  private update(account: LiveAccount, now: Account | undefined): LftpError | undefined {
    const gone = this.reasonToGo(account, now);
    account.rules = gone === undefined ? (now?.rules ?? []) : NO_RIGHTS;
    account.limits = now?.limits ?? NO_LIMITS;
    const { bytesPerSecond = Infinity } = account.limits;
    const { toClient, fromClient } = account.gates;
    for (const gate of [toClient, fromClient]) gate.bytesPerSecond = bytesPerSecond;
    return gone;
  }

  private reasonToGo(account: LiveAccount, now: Account | undefined): LftpError | undefined {
    if (now === undefined) return goneError('the account was taken away');
    if (now.isDisabled) return goneError('the account was disabled');
    const { expiresMs = Infinity } = now.limits;
    if (this.dateMs() >= expiresMs) {
      return goneError(`the account expired on ${new Date(expiresMs).toISOString()}`);
    }
    if (now.home.join('/') === account.home?.join('/')) return undefined;
    return new LftpError(EXIT.TEMPORARY, 'remote', 'the account has another home now', {
      hint: 'Connect again.',
    });
  }
}

function goneError(text: string): LftpError {
  return new LftpError(EXIT.LOGIN, 'remote', text, { hint: 'Ask whoever runs the server.' });
}

function tooManySessions(most: number): LftpError {
  const text = `the account has as many sessions as it may: ${most}`;
  return new LftpError(EXIT.BUSY, 'remote', text, { hint: 'End one of them, or wait.' });
}
