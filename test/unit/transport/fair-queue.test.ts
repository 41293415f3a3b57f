import { describe, expect, it } from 'vitest';
import { FairQueue, type Served, TURN_BYTES } from '../../../src/transport/fair-queue.ts';

class Sender implements Served {
  isReady = false;
  creditBytes = 0;
  sentBytes = 0;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Everybody goes on for ever; the names in the order of sending. */
function serve(
  queue: FairQueue<Sender>,
  datagrams: number,
  bytesOf: (s: Sender) => number,
): string {
  let order = '';
  for (let i = 0; i < datagrams; i += 1) {
    const sender = queue.peek()!;
    const bytes = bytesOf(sender);
    sender.sentBytes += bytes;
    queue.sent(bytes);
    order += sender.name;
  }
  return order;
}

describe('fair queue', () => {
  it('P-FAIR-01 gives connections of one source a train each in turn', () => {
    const queue = new FairQueue<Sender>();
    for (const name of 'abc') queue.push('one', new Sender(name));
    expect(serve(queue, 8, () => TURN_BYTES / 2)).toBe('aabbccaa');
  });

  it('P-FAIR-01 gives sources a train each in turn, however many connections they have', () => {
    const queue = new FairQueue<Sender>();
    for (const name of 'abc') queue.push('one', new Sender(name));
    queue.push('two', new Sender('X'));
    expect(serve(queue, 12, () => TURN_BYTES)).toBe('aXbXcXaXbXcX');
  });

  it('P-FAIR-01 counts bytes, not datagrams', () => {
    const queue = new FairQueue<Sender>();
    const small = new Sender('s');
    const large = new Sender('L');
    queue.push('one', small);
    queue.push('two', large);
    serve(queue, 10_000, ({ name }) => (name === 's' ? 1_400 : 65_000));
    expect(small.sentBytes / large.sentBytes).toBeGreaterThan(0.98);
    expect(small.sentBytes / large.sentBytes).toBeLessThan(1.02);
  });

  it('takes whoever has nothing more out, and its source with the last of them', () => {
    const queue = new FairQueue<Sender>();
    const [a, b, x] = [new Sender('a'), new Sender('b'), new Sender('X')];
    queue.push('one', a);
    queue.push('one', b);
    queue.push('two', x);
    queue.shift();
    expect([a.isReady, b.isReady, x.isReady]).toEqual([false, true, true]);
    expect(queue.peek()).toBe(b);
    queue.shift();
    expect(queue.peek()).toBe(x);
    // It comes behind those who waited while it was away.
    queue.push('one', a);
    expect(queue.peek()).toBe(x);
    queue.shift();
    expect(queue.peek()).toBe(a);
    queue.shift();
    expect(queue.isEmpty).toBe(true);
    expect(queue.peek()).toBeUndefined();
  });

  it('does not take anybody in twice', () => {
    const queue = new FairQueue<Sender>();
    const sender = new Sender('a');
    queue.push('one', sender);
    expect(() => queue.push('two', sender)).toThrow('one turn at a time');
  });
});
