import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Deadlined, DeadlineHeap } from '../../../src/util/deadline-heap.ts';

interface Entry extends Deadlined {
  readonly name: number;
}

function entryOf(name: number): Entry {
  return { name, deadlineMs: Infinity, heapIndex: -1 };
}

/** Takes out everything, earliest first. */
function drain(heap: DeadlineHeap<Entry>): Entry[] {
  const drained: Entry[] = [];
  for (let entry = heap.peek(); entry !== undefined; entry = heap.peek()) {
    drained.push(entry);
    heap.remove(entry);
  }
  return drained;
}

describe('DeadlineHeap', () => {
  it('is empty at first', () => {
    const heap = new DeadlineHeap<Entry>();
    expect([heap.size, heap.peek()]).toEqual([0, undefined]);
  });

  it('gives entries in the order of their deadlines', () => {
    const heap = new DeadlineHeap<Entry>();
    [5, 3, 9, 1, 7, 1, 8].forEach((deadlineMs, name) => heap.update(entryOf(name), deadlineMs));
    expect(heap.size).toBe(7);
    expect(
      drain(heap)
        .map((entry) => entry.name)
        .slice(2),
    ).toEqual([1, 0, 4, 6, 2]);
    expect(heap.size).toBe(0);
  });

  it('moves an entry whose deadline changes either way', () => {
    const heap = new DeadlineHeap<Entry>();
    const entries = [10, 20, 30].map((deadlineMs, name) => {
      const entry = entryOf(name);
      heap.update(entry, deadlineMs);
      return entry;
    });
    heap.update(entries[2]!, 5);
    expect(heap.peek()).toBe(entries[2]);
    heap.update(entries[2]!, 25);
    expect(heap.peek()).toBe(entries[0]);
    heap.update(entries[0]!, 10);
    expect(heap.peek()).toBe(entries[0]);
    heap.update(entries[0]!, 40);
    expect(drain(heap).map((entry) => entry.name)).toEqual([1, 2, 0]);
  });

  it('an infinite deadline takes an entry out, and leaves others out of it alone', () => {
    const heap = new DeadlineHeap<Entry>();
    const entry = entryOf(1);
    heap.update(entry, Infinity);
    expect([heap.size, entry.heapIndex]).toEqual([0, -1]);
    heap.update(entry, 4);
    heap.update(entryOf(2), 8);
    heap.update(entry, Infinity);
    expect([heap.size, entry.heapIndex, entry.deadlineMs]).toEqual([1, -1, Infinity]);
    heap.remove(entry);
    expect(heap.size).toBe(1);
    heap.update(entry, 9);
    expect(drain(heap).map(({ name }) => name)).toEqual([2, 1]);
  });

  it('does what a sorted list does', () => {
    const operation = fc.record({
      name: fc.nat({ max: 15 }),
      deadlineMs: fc.oneof(fc.nat({ max: 40 }), fc.constant(Infinity)),
      isRemoval: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
        const heap = new DeadlineHeap<Entry>();
        const entries = Array.from({ length: 16 }, (_, name) => entryOf(name));
        const model = new Map<number, number>();
        for (const { name, deadlineMs, isRemoval } of operations) {
          if (isRemoval) heap.remove(entries[name]!);
          else heap.update(entries[name]!, deadlineMs);
          if (isRemoval || deadlineMs === Infinity) model.delete(name);
          else model.set(name, deadlineMs);
          expect(heap.size).toBe(model.size);
          expect(heap.peek()?.deadlineMs ?? Infinity).toBe(Math.min(Infinity, ...model.values()));
          for (const entry of entries) expect(entry.heapIndex >= 0).toBe(model.has(entry.name));
        }
        const times = drain(heap).length;
        expect(times).toBe(model.size);
      }),
    );
  });

  it('drains in order whatever happened before', () => {
    const times = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 99 })), { maxLength: 60 });
    fc.assert(
      fc.property(times, (updates) => {
        const heap = new DeadlineHeap<Entry>();
        const entries = Array.from({ length: 10 }, (_, name) => entryOf(name));
        for (const [name, deadlineMs] of updates) heap.update(entries[name]!, deadlineMs);
        const deadlines: number[] = [];
        for (let entry = heap.peek(); entry !== undefined; entry = heap.peek()) {
          deadlines.push(entry.deadlineMs);
          heap.remove(entry);
        }
        expect(deadlines).toEqual([...deadlines].sort((a, b) => a - b));
        expect(deadlines).toEqual([...new Map(updates).values()].sort((a, b) => a - b));
      }),
    );
  });
});
