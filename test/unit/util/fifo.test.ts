import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fifo } from '../../../src/util/fifo.ts';

describe('Fifo', () => {
  it('gives back in order, then nothing', () => {
    const fifo = new Fifo<number>();
    expect([fifo.length, fifo.peek(), fifo.shift()]).toEqual([0, undefined, undefined]);
    fifo.push(1);
    fifo.push(2);
    expect([fifo.length, fifo.peek(), fifo.shift(), fifo.shift()]).toEqual([2, 1, 1, 2]);
    expect([fifo.length, fifo.peek(), fifo.shift()]).toEqual([0, undefined, undefined]);
    fifo.push(3);
    expect([fifo.length, fifo.shift()]).toEqual([1, 3]);
  });

  it('does what an array does', () => {
    const operation = fc.oneof(fc.nat(), fc.constant('shift' as const));
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        for (const entry of operations) {
          if (entry === 'shift') expect(fifo.shift()).toBe(model.shift());
          else {
            fifo.push(entry);
            model.push(entry);
          }
          expect([fifo.length, fifo.peek()]).toEqual([model.length, model[0]]);
        }
      }),
    );
  });

  it('holds an undefined entry like any other', () => {
    const fifo = new Fifo<number | undefined>();
    fifo.push(undefined);
    fifo.push(2);
    expect([fifo.shift(), fifo.length, fifo.shift(), fifo.length]).toEqual([undefined, 1, 2, 0]);
  });
});
