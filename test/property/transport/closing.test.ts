import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Closing } from '../../../src/transport/closing.ts';

/** A closing message on its way, and when it comes. */
interface Flying {
  readonly to: number;
  readonly stage: number;
  readonly code: number;
  readonly atMs: number;
}

interface Plan {
  /** When each side ends, and by which code. */
  readonly ends: readonly [End, End];
  /** Fates of the datagrams in order of sending; after them nothing is lost. */
  readonly fates: readonly (readonly number[])[];
}

interface End {
  readonly atMs: number;
  readonly code: number;
  /** How long after its wish a side has everything acknowledged. */
  readonly drainMs: number;
}

const LIMIT_MS = 200_000;
const RTO_MS = 200;

/** Two sides that close over a path that loses, delays and repeats. */
class Pair {
  readonly sides = [new Closing(), new Closing()] as const;
  readonly news: number[][] = [[], []];
  readonly doneMs: [number, number] = [Infinity, Infinity];
  private readonly flying: Flying[] = [];
  private sent = 0;
  private nowMs = 0;
  private readonly plan: Plan;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  run(): void {
    while (this.nowMs < LIMIT_MS && !this.doneMs.every((atMs) => atMs < Infinity)) {
      const next = Math.min(...this.dues().filter((atMs) => atMs > this.nowMs));
      if (next === Infinity) return;
      this.nowMs = next;
      this.deliver();
      for (const index of [0, 1] as const) this.poll(index);
    }
  }

  private dues(): number[] {
    const { ends } = this.plan;
    return [
      ...ends.flatMap(({ atMs, drainMs }) => [atMs, atMs + drainMs]),
      ...this.flying.map(({ atMs }) => atMs),
      ...this.sides.map((side, i) => (this.doneMs[i] === Infinity ? side.nextTimeout() : Infinity)),
    ];
  }

  private deliver(): void {
    for (let i = 0; i < this.flying.length;) {
      if (this.flying[i]!.atMs > this.nowMs) {
        i += 1;
        continue;
      }
      const [message] = this.flying.splice(i, 1) as [Flying];
      this.take(message);
    }
  }

  private take({ to, stage, code }: Flying): void {
    const side = this.sides[to]!;
    const isResting = this.doneMs[to]! < Infinity;
    if (isResting) {
      // Resting ports repeat the last answer to a fin.
      if (stage === 1 || stage === 3) this.send(to, stage + 1, 0);
      return;
    }
    if (side.handle(stage, code)) {
      this.news[to]!.push(code);
      if (code !== 0) side.want(0);
    }
  }

  private poll(index: 0 | 1): void {
    const side = this.sides[index];
    if (this.doneMs[index] < Infinity) return;
    const { atMs, drainMs, code } = this.plan.ends[index];
    // An abort of the peer is the end; what the application wants after it says nothing.
    if (this.nowMs >= atMs && side.peerCode === 0) side.want(code);
    const isDrained = this.nowMs >= atMs + drainMs || side.code !== 0 || side.peerCode !== 0;
    for (;;) {
      const stage = side.poll(this.nowMs, isDrained, RTO_MS, 1_000);
      if (stage === 0) break;
      this.send(index, stage, stage === 1 || stage === 3 ? side.code : 0);
    }
    if (side.isComplete) this.doneMs[index] = this.nowMs;
  }

  private send(from: number, stage: number, code: number): void {
    const delays = this.plan.fates[this.sent] ?? [7];
    this.sent += 1;
    for (const delayMs of delays) {
      this.flying.push({ to: 1 - from, stage, code, atMs: this.nowMs + delayMs });
    }
  }
}

const end = (code: fc.Arbitrary<number>): fc.Arbitrary<End> =>
  fc.record({ atMs: fc.integer({ min: 1, max: 300 }), code, drainMs: fc.nat(400) });

const fates = fc.array(fc.array(fc.integer({ min: 1, max: 500 }), { maxLength: 3 }), {
  maxLength: 60,
});

function run(ends: readonly [End, End], list: readonly (readonly number[])[]): Pair {
  const pair = new Pair({ ends, fates: list });
  pair.run();
  return pair;
}

describe('Closing', () => {
  it('P-CLOSE-03 ends both sides, each told once, whatever is lost, repeated or late', () => {
    const orderly = end(fc.constant(0));
    const property = fc.property(orderly, orderly, fates, (a, b, list) => {
      const pair = run([a, b], list);
      expect(Math.max(...pair.doneMs)).toBeLessThan(LIMIT_MS);
      expect(pair.news).toEqual([[0], [0]]);
      // No side says that it is over before all of its own is acknowledged.
      expect(pair.doneMs[0]).toBeGreaterThanOrEqual(a.atMs + a.drainMs);
      expect(pair.doneMs[1]).toBeGreaterThanOrEqual(b.atMs + b.drainMs);
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it('P-CLOSE-04 ends both sides of an abort, and the other knows its code', () => {
    const property = fc.property(
      end(fc.constantFrom(1, 64)),
      end(fc.constantFrom(0, 0, 10)),
      fates,
      (a, b, list) => {
        const pair = run([a, b], list);
        expect(Math.max(...pair.doneMs)).toBeLessThan(LIMIT_MS);
        for (const codes of pair.news) expect(codes.length).toBeLessThanOrEqual(2);
        // An abort is heard unless every one of its copies is lost.
        if (pair.news[1]!.length > 0) expect(pair.news[1]!.at(-1)).toBe(pair.sides[0].code);
      },
    );
    fc.assert(property, { numRuns: 1_000 });
  });
});
