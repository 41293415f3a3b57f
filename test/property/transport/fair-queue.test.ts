import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FairQueue, type Served, TURN_BYTES } from '../../../src/transport/fair-queue.ts';

const MAX_BYTES = 65_507;

class Sender implements Served {
  isReady = false;
  creditBytes = 0;
  sentBytes = 0;
  /** Since it last sent anything. */
  othersBytes = 0;
  readonly source: string;

  constructor(source: number) {
    this.source = String(source);
  }
}

const crowd = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 });
const step = fc.record({
  who: fc.nat({ max: 11 }),
  bytes: fc.integer({ min: 20, max: MAX_BYTES }),
  isEmpty: fc.boolean(),
});

it('P-FAIR-01 keeps credits within a turn, serves whoever waits, and never idles', () => {
  fc.assert(
    fc.property(crowd, fc.array(step, { maxLength: 400 }), (sources, steps) => {
      const queue = new FairQueue<Sender>();
      const senders = sources.map((source) => new Sender(source));
      for (const { who, bytes, isEmpty } of steps) {
        const joining = senders[who % senders.length]!;
        if (!joining.isReady) {
          joining.othersBytes = 0;
          queue.push(joining.source, joining);
        }
        // Work conserving: somebody is ready, so somebody is served.
        const sender = queue.peek();
        expect(sender?.isReady).toBe(true);
        if (isEmpty) queue.shift();
        else {
          queue.sent(bytes);
          sender!.othersBytes = 0;
          for (const other of senders) if (other !== sender) other.othersBytes += bytes;
        }
        expect(queue.isEmpty).toBe(senders.every(({ isReady }) => !isReady));
        for (const { isReady, creditBytes, othersBytes } of senders) {
          if (!isReady) continue;
          expect(creditBytes).toBeGreaterThan(0);
          expect(creditBytes).toBeLessThanOrEqual(TURN_BYTES);
          // Nobody starves: a turn of each source for each connection of the own source.
          const most = (senders.length + 1) * 5 * (TURN_BYTES + MAX_BYTES);
          expect(othersBytes).toBeLessThan(most);
        }
      }
    }),
  );
});

it('P-FAIR-01 divides evenly between backlogged sources, and between connections of one', () => {
  const sizes = fc.array(fc.integer({ min: 20, max: MAX_BYTES }), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(crowd, sizes, (sources, lengths) => {
      const queue = new FairQueue<Sender>();
      const senders = sources.map((source) => new Sender(source));
      for (const sender of senders) queue.push(sender.source, sender);
      const bytesOf = (sender: Sender): number => lengths[senders.indexOf(sender)]!;
      const totalBytes = senders.length * new Set(sources).size * 40 * TURN_BYTES;
      for (let sent = 0; sent < totalBytes;) {
        const sender = queue.peek()!;
        queue.sent(bytesOf(sender));
        sender.sentBytes += bytesOf(sender);
        sent += bytesOf(sender);
      }
      const bySource = new Map<string, Sender[]>();
      for (const sender of senders) {
        bySource.set(sender.source, [...(bySource.get(sender.source) ?? []), sender]);
      }
      const total = ({ sentBytes }: { sentBytes: number }): number => sentBytes;
      const spread = (values: readonly number[]): number =>
        Math.max(...values) - Math.min(...values);
      for (const group of bySource.values()) {
        expect(spread(group.map(total))).toBeLessThanOrEqual(3 * TURN_BYTES);
      }
      const sums = [...bySource.values()].map((group) =>
        group.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
      );
      expect(spread(sums)).toBeLessThanOrEqual(3 * TURN_BYTES);
    }),
    { numRuns: 50 },
  );
});
