import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuotaLedger, QuotaReservation } from '../../src/service/accounts/quota-ledger.ts';
import type { Usage } from '../../src/service/accounts/quota-ledger.ts';

/** Uploads that are open at once. */
const SLOTS = 64;
const NAMES = ['a', 'b', 'c', 'd', 'e'];

/** A few are used often, so that uploads are begun and ended, and all now and then. */
const slot = fc.oneof(fc.nat(3), fc.nat(SLOTS - 1));

const step = fc.oneof(
  fc.record({
    kind: fc.constant('begin' as const),
    slot,
    name: fc.constantFrom(...NAMES),
    bytes: fc.nat(60),
  }),
  fc.record({ kind: fc.constant('grow' as const), slot, bytes: fc.nat(90) }),
  fc.record({ kind: fc.constantFrom('commit' as const, 'fail' as const), slot }),
  fc.record({ kind: fc.constant('delete' as const), name: fc.constantFrom(...NAMES) }),
  fc.record({
    kind: fc.constant('rename' as const),
    name: fc.constantFrom(...NAMES),
    to: fc.constantFrom(...NAMES),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A home without a disk: what the ledger is told is done to a table of files. */
class World {
  readonly files = new Map<string, number>();
  readonly ledger: QuotaLedger;
  private readonly open = new Map<
    number,
    { readonly name: string; bytes: number; readonly reservation: QuotaReservation }
  >();
  refused = 0;
  committed = 0;

  constructor(quota: Usage) {
    this.ledger = new QuotaLedger(quota, { bytes: 0, files: 0 });
  }

  recount(): Usage {
    return { bytes: [...this.files.values()].reduce((a, b) => a + b, 0), files: this.files.size };
  }

  do(step: Step): void {
    if (step.kind === 'delete') this.delete(step.name);
    else if (step.kind === 'rename') this.rename(step.name, step.to);
    else if (step.kind === 'begin') this.begin(step.slot, step.name, step.bytes);
    else if (step.kind === 'grow') this.grow(step.slot, step.bytes);
    else if (step.kind === 'commit') this.commit(step.slot);
    else this.fail(step.slot);
  }

  endAll(): void {
    for (const slot of [...this.open.keys()]) this.fail(slot);
  }

  private more(name: string, bytes: number): Usage {
    const replaced = this.files.get(name);
    return { bytes: bytes - (replaced ?? 0), files: replaced === undefined ? 1 : 0 };
  }

  private begin(slot: number, name: string, bytes: number): void {
    this.fail(slot);
    const reservation = new QuotaReservation();
    this.open.set(slot, { name, bytes, reservation });
    if (reservation.raise([this.ledger], this.more(name, bytes)) !== undefined) this.refuse(slot);
  }

  private grow(slot: number, bytes: number): void {
    const upload = this.open.get(slot);
    if (upload === undefined) return;
    upload.bytes += bytes;
    const wanted = this.more(upload.name, upload.bytes);
    if (upload.reservation.raise([this.ledger], wanted) !== undefined) this.refuse(slot);
  }

  private commit(slot: number): void {
    const upload = this.open.get(slot);
    if (upload === undefined) return;
    const change = this.more(upload.name, upload.bytes);
    if (upload.reservation.raise([this.ledger], change) !== undefined) {
      this.refuse(slot);
      return;
    }
    this.committed += 1;
    this.files.set(upload.name, upload.bytes);
    upload.reservation.settle(change);
    this.open.delete(slot);
  }

  private refuse(slot: number): void {
    this.refused += 1;
    this.fail(slot);
  }

  private fail(slot: number): void {
    this.open.get(slot)?.reservation.release();
    this.open.delete(slot);
  }

  private delete(name: string): void {
    const bytes = this.files.get(name);
    if (bytes === undefined) return;
    this.files.delete(name);
    this.ledger.change({ bytes: -bytes, files: -1 });
  }

  private rename(name: string, to: string): void {
    const bytes = this.files.get(name);
    if (bytes === undefined || name === to) return;
    const replaced = this.files.get(to);
    this.files.delete(name);
    this.files.set(to, bytes);
    if (replaced !== undefined) this.ledger.change({ bytes: -replaced, files: -1 });
  }
}

describe('a quota', () => {
  it('P-ACCT-05 is exact at every instant, whatever 64 uploads, deletes and renames do', () => {
    let [refused, committed] = [0, 0];
    const quotas = fc.record({
      bytes: fc.integer({ min: 50, max: 600 }),
      files: fc.integer({ min: 2, max: 5 }),
    });
    const lists = fc.array(step, { minLength: 100, maxLength: 300 });
    const run = fc.property(quotas, lists, (quota, steps) => {
      const world = new World(quota);
      for (const one of steps) {
        world.do(one);
        const { used, reserved, free } = world.ledger;
        expect(used).toEqual(world.recount());
        expect(used.bytes + reserved.bytes).toBeLessThanOrEqual(quota.bytes);
        expect(used.files + reserved.files).toBeLessThanOrEqual(quota.files);
        expect(free.bytes).toBe(quota.bytes - used.bytes - reserved.bytes);
      }
      refused += world.refused;
      committed += world.committed;
      world.endAll();
      expect(world.ledger.reserved).toEqual({ bytes: 0, files: 0 });
    });
    fc.assert(run, { numRuns: 100 });
    // It was of some use: there were quotas that bit, and files that came to be.
    expect(refused).toBeGreaterThan(100);
    expect(committed).toBeGreaterThan(100);
  });

  it('P-ACCT-05 may be made smaller than what is there: then nothing more fits', () => {
    const ledger = new QuotaLedger({ bytes: 10, files: 2 }, { bytes: 8, files: 1 });
    ledger.quota = { bytes: 5, files: 2 };
    const reservation = new QuotaReservation();
    expect(ledger.free).toEqual({ bytes: 0, files: 1 });
    expect(reservation.raise([ledger], { bytes: 1, files: 0 })).toBe(ledger);
    // What makes it less is welcome.
    expect(reservation.raise([ledger], { bytes: -1, files: 0 })).toBe(undefined);
    reservation.settle({ bytes: -1, files: 0 });
    expect(ledger.used).toEqual({ bytes: 7, files: 1 });
  });

  it('P-ACCT-05 of several homes is promised by all of them or by none', () => {
    const [outer, inner] = [
      new QuotaLedger({ bytes: 10, files: 9 }, { bytes: 0, files: 0 }),
      new QuotaLedger({ bytes: 4, files: 9 }, { bytes: 0, files: 0 }),
    ];
    const reservation = new QuotaReservation();
    expect(reservation.raise([outer, inner], { bytes: 5, files: 1 })).toBe(inner);
    expect([outer.reserved.bytes, inner.reserved.bytes]).toEqual([0, 0]);
    expect(reservation.raise([outer], { bytes: 3, files: 1 })).toBe(undefined);
    // One that has a quota only now promises all of it.
    expect(reservation.raise([outer, inner], { bytes: 4, files: 1 })).toBe(undefined);
    expect([outer.reserved.bytes, inner.reserved.bytes]).toEqual([4, 4]);
    reservation.settle({ bytes: 4, files: 1 });
    expect([outer.used.bytes, inner.used.bytes]).toEqual([4, 4]);
    expect([outer.reserved.bytes, inner.reserved.bytes]).toEqual([0, 0]);
  });
});
