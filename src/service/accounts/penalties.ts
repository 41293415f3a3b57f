/**
 * Slowing down those who guess, in the manner of OpenSSH's PerSourcePenalties (P-LOGIN-11).
 *
 * Each try to log in costs its source a penalty that passes with time; above a threshold the source
 * is not heard. So a source has at most 10 tries at once and 30 in any ten minutes. A right
 * password gives its own try back. Nothing locks an account: whoever has not failed from his
 * source gets in at once, however many others guess at his name. A source that has failed waits
 * the longer for an answer the more often anybody failed for that name, at most eight seconds.
 *
 * Time is an argument, in ms. A source is an IPv4 address or an IPv6 network of 64 bits.
 */
import { sourceOf } from '../../io/source.ts';
import { DeadlineHeap } from '../../util/deadline-heap.ts';
import type { Deadlined } from '../../util/deadline-heap.ts';
import { MAX_PENALTY_ACCOUNTS, MAX_PENALTY_SOURCES } from '../limits.ts';

/** What one try costs, and what one failure keeps a name slow for. */
export const TRY_PENALTY_MS = 30_000;

/** A source that owes more than this is refused. */
export const REFUSED_ABOVE_MS = 270_000;

/** No debt is longer, however it grew. */
export const LONGEST_PENALTY_MS = 600_000;

/** The wait after the first failure for a name; it doubles with each further one. */
export const FIRST_DELAY_MS = 250;

export const LONGEST_DELAY_MS = 8000;

/** What else a source is punished for, ms. */
export const OFFENCE_PENALTY_MS = {
  /** It began to log in and did not finish in time. */
  tooSlow: 10_000,
  /** It broke the protocol. */
  violation: 10_000,
} as const;

export type Offence = keyof typeof OFFENCE_PENALTY_MS;

export type Admission =
  /** The try may be looked at, and its answer goes out after `delayMs`, whatever it is. */
  | { readonly kind: 'heard'; readonly delayMs: number }
  | { readonly kind: 'refused'; readonly waitMs: number };

interface Debt extends Deadlined {
  readonly key: string;
}

export class Penalties {
  private readonly sources = new DebtTable(MAX_PENALTY_SOURCES);
  private readonly accounts = new DebtTable(MAX_PENALTY_ACCOUNTS);

  /** Sources with a debt. */
  get size(): number {
    return this.sources.size;
  }

  /** Names that somebody failed for. */
  get nameCount(): number {
    return this.accounts.size;
  }

  /** Sources and names that were forgotten because their table was full. */
  get forgotten(): number {
    return this.sources.forgotten + this.accounts.forgotten;
  }

  /** How long `address` is not heard yet, ms; 0 if it is. */
  refusedForMs(nowMs: number, address: string): number {
    return Math.max(0, this.sources.owedMs(nowMs, sourceOf(address)) - REFUSED_ABOVE_MS);
  }

  /** Somebody at `address` wants to log in as `account`. The try is paid for here and now. */
  admit(nowMs: number, address: string, account: string): Admission {
    const waitMs = this.refusedForMs(nowMs, address);
    if (waitMs > 0) return { kind: 'refused', waitMs };
    const source = sourceOf(address);
    const hasFailed = this.sources.owedMs(nowMs, source) > 0;
    this.sources.add(nowMs, source, TRY_PENALTY_MS);
    return { kind: 'heard', delayMs: hasFailed ? this.delayMs(nowMs, account) : 0 };
  }

  /** The admitted try was right: it costs nothing. */
  succeed(nowMs: number, address: string): void {
    this.sources.add(nowMs, sourceOf(address), -TRY_PENALTY_MS);
  }

  /** The admitted try was wrong, or was broken off. */
  fail(nowMs: number, account: string): void {
    this.accounts.add(nowMs, account, TRY_PENALTY_MS);
  }

  punish(nowMs: number, address: string, offence: Offence): void {
    this.sources.add(nowMs, sourceOf(address), OFFENCE_PENALTY_MS[offence]);
  }

  private delayMs(nowMs: number, account: string): number {
    const failures = Math.ceil(this.accounts.owedMs(nowMs, account) / TRY_PENALTY_MS);
    return failures === 0 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  }
}

/** Debts that pass with time. Full, it forgets the one that would have passed first. */
class DebtTable {
  forgotten = 0;
  private readonly cap: number;
  private readonly debts = new Map<string, Debt>();
  private readonly heap = new DeadlineHeap<Debt>();

  constructor(cap: number) {
    this.cap = cap;
  }

  get size(): number {
    return this.debts.size;
  }

  owedMs(nowMs: number, key: string): number {
    return Math.max(0, (this.debts.get(key)?.deadlineMs ?? nowMs) - nowMs);
  }

  add(nowMs: number, key: string, amountMs: number): void {
    const owedMs = Math.min(LONGEST_PENALTY_MS, this.owedMs(nowMs, key) + amountMs);
    this.forgetPassed(nowMs);
    let debt = this.debts.get(key);
    if (owedMs <= 0) {
      if (debt !== undefined) this.forget(debt);
      return;
    }
    if (debt === undefined) {
      const first = this.debts.size >= this.cap ? this.heap.peek() : undefined;
      if (first !== undefined) {
        this.forgotten += 1;
        this.forget(first);
      }
      debt = { key, deadlineMs: Infinity, heapIndex: -1 };
      this.debts.set(key, debt);
    }
    this.heap.update(debt, nowMs + owedMs);
  }

  private forgetPassed(nowMs: number): void {
    for (let debt = this.heap.peek(); debt !== undefined; debt = this.heap.peek()) {
      if (debt.deadlineMs > nowMs) return;
      this.forget(debt);
    }
  }

  private forget(debt: Debt): void {
    this.heap.remove(debt);
    this.debts.delete(debt.key);
  }
}
