/**
 * P-ACCT-05: what a home holds and has promised, against what it may hold. Everything happens at
 * once and nothing waits, so the sum is right at every instant: used + reserved ≤ quota, unless the
 * quota was made smaller than what is there already.
 */
import { assert } from '../../util/assert.ts';

/** Regular files and their bytes; negative where something goes. */
export interface Usage {
  readonly bytes: number;
  readonly files: number;
}

export const NOTHING: Usage = { bytes: 0, files: 0 };

/** What an entry counts as: only regular files do. */
export function usageOf(stats: { readonly size: number; isFile(): boolean } | undefined): Usage {
  return stats?.isFile() === true ? { bytes: stats.size, files: 1 } : NOTHING;
}

/** Infinity: no limit. */
export type Quota = Usage;

export class QuotaLedger {
  quota: Quota;
  private bytes: number;
  private files: number;
  private reservedBytes = 0;
  private reservedFiles = 0;

  constructor(quota: Quota, used: Usage) {
    this.quota = quota;
    this.bytes = used.bytes;
    this.files = used.files;
  }

  get used(): Usage {
    return { bytes: this.bytes, files: this.files };
  }

  get reserved(): Usage {
    return { bytes: this.reservedBytes, files: this.reservedFiles };
  }

  /** What can still be promised; never negative. */
  get free(): Usage {
    const { quota } = this;
    return {
      bytes: Math.max(0, quota.bytes - this.bytes - this.reservedBytes),
      files: Math.max(0, quota.files - this.files - this.reservedFiles),
    };
  }

  /** Whether `more` can be promised; what is not more needs no room. */
  hasRoom({ bytes, files }: Usage): boolean {
    const { free } = this;
    return (bytes <= 0 || bytes <= free.bytes) && (files <= 0 || files <= free.files);
  }

  /** Promises more, or less, than before. */
  reserve({ bytes, files }: Usage): void {
    this.reservedBytes += bytes;
    this.reservedFiles += files;
    assert(this.reservedBytes >= 0 && this.reservedFiles >= 0, 'no promise is given back twice');
  }

  /** Something came, or went. */
  change({ bytes, files }: Usage): void {
    this.bytes += bytes;
    this.files += files;
  }
}

/** What one upload was promised by the homes that its file will lie in. */
export class QuotaReservation {
  private readonly ledgers = new Set<QuotaLedger>();
  private bytes = 0;
  private files = 0;

  /** Whether any home has promised anything. */
  get isHeld(): boolean {
    return this.ledgers.size > 0;
  }

  /** What it holds of each home. */
  get held(): Usage {
    return { bytes: this.bytes, files: this.files };
  }

  /**
   * Raises the promise to `wanted`, in all of `ledgers` or in none; it never becomes less.
   * @returns the ledger without room, if there is one
   */
  raise(ledgers: Iterable<QuotaLedger>, wanted: Usage): QuotaLedger | undefined {
    const bytes = Math.max(this.bytes, wanted.bytes);
    const files = Math.max(this.files, wanted.files);
    const more = { bytes: bytes - this.bytes, files: files - this.files };
    const needs = new Map<QuotaLedger, Usage>();
    for (const ledger of this.ledgers) needs.set(ledger, more);
    // A home that has a quota only since a moment ago was promised nothing as yet.
    for (const ledger of ledgers) if (!needs.has(ledger)) needs.set(ledger, { bytes, files });
    for (const [ledger, need] of needs) if (!ledger.hasRoom(need)) return ledger;
    for (const [ledger, need] of needs) {
      ledger.reserve(need);
      this.ledgers.add(ledger);
    }
    this.bytes = bytes;
    this.files = files;
    return undefined;
  }

  /** What was promised has come, as `change` of what is there; the promise is over. */
  settle(change: Usage): void {
    assert(change.bytes <= this.bytes && change.files <= this.files, 'no more than was promised');
    for (const ledger of this.ledgers) ledger.change(change);
    this.release();
  }

  /** Nothing came of it. */
  release(): void {
    const less = { bytes: -this.bytes, files: -this.files };
    for (const ledger of this.ledgers) ledger.reserve(less);
    this.ledgers.clear();
    this.bytes = 0;
    this.files = 0;
  }
}
