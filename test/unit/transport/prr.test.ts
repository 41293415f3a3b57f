import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProportionalRateReduction } from '../../../src/transport/congestion/prr.ts';

const SMSS = 1000;

/** A recovery told in segments, as the figures of RFC 6937 §3.1 and RFC 9937 are drawn. */
class Figure {
  flight: number;
  /** What there is to send per acknowledgement. */
  most = Infinity;
  readonly pipe: number[] = [];
  readonly sent: number[] = [];
  private readonly prr = new ProportionalRateReduction(SMSS);

  constructor(flight: number, ssthresh: number) {
    this.flight = flight;
    this.prr.start(flight * SMSS, ssthresh * SMSS);
  }

  ack(delivered: number, lost = 0, isSafe = false): number {
    this.flight -= delivered + lost;
    this.prr.onAck(delivered * SMSS, this.flight * SMSS, isSafe);
    this.pipe.push(this.flight);
    let sent = 0;
    while (this.prr.budgetBytes >= SMSS && sent < this.most) {
      this.prr.onSent(SMSS);
      sent += 1;
    }
    this.flight += sent;
    this.sent.push(sent);
    return sent;
  }
}

const repeat = (count: number, of: () => void): void => {
  for (let i = 0; i < count; i += 1) of();
};

describe('P-CC-04 proportional part', () => {
  it('halves a flight of 20 with one loss: one out for two in, from the first on', () => {
    const figure = new Figure(20, 10);
    figure.ack(1, 1);
    repeat(16, () => figure.ack(1));
    expect(figure.sent).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0]);
    expect(figure.pipe.slice(0, 6)).toEqual([18, 18, 17, 17, 16, 16]);
    expect(figure.flight).toBe(10);
    repeat(4, () => figure.ack(1));
    expect([figure.sent.slice(-4), figure.flight]).toEqual([[1, 1, 1, 1], 10]);
  });

  it('lets seven out for ten in where the controller asks for seven tenths', () => {
    const figure = new Figure(100, 70);
    figure.ack(1, 1);
    repeat(59, () => figure.ack(1));
    expect(figure.sent.reduce((sum, n) => sum + n, 0)).toBe(42);
    expect(Math.max(...figure.sent)).toBe(1);
  });

  it('says the same of one acknowledgement for many as of many for one', () => {
    const figure = new Figure(20, 10);
    expect([figure.ack(4, 1), figure.ack(4), figure.ack(1), figure.ack(1)]).toEqual([2, 2, 1, 0]);
  });

  it('takes back what went out past the budget', () => {
    const prr = new ProportionalRateReduction(SMSS);
    prr.start(20 * SMSS, 10 * SMSS);
    prr.onSent(SMSS);
    prr.onSent(SMSS);
    expect(prr.budgetBytes).toBe(0);
    prr.onAck(3 * SMSS, 18 * SMSS, false);
    expect(prr.budgetBytes).toBe(0);
    prr.onAck(3 * SMSS, 15 * SMSS, false);
    expect(prr.budgetBytes).toBe(SMSS);
  });

  it('never lets out more than came in, even where the flight has grown beyond its start', () => {
    const prr = new ProportionalRateReduction(SMSS);
    prr.start(2 * SMSS, 5 * SMSS);
    prr.onAck(2 * SMSS, 6 * SMSS, true);
    expect(prr.budgetBytes).toBe(2 * SMSS);
  });
});

describe('P-CC-04 bound after heavy loss', () => {
  it('sends one for one below ssthresh while nothing is repaired', () => {
    // RFC 6937 §3.1: the first 15 of 20 are lost; two more had left before that was known.
    const figure = new Figure(20, 10);
    figure.ack(1, 15);
    figure.ack(1);
    figure.ack(1);
    expect([figure.pipe, figure.sent]).toEqual([
      [4, 4, 4],
      [1, 1, 1],
    ]);
  });

  it('adds one segment per safe acknowledgement, as slow start does, up to ssthresh', () => {
    const figure = new Figure(20, 10);
    figure.ack(1, 15);
    figure.ack(1);
    repeat(8, () => figure.ack(1, 0, true));
    expect(figure.sent).toEqual([1, 1, 2, 2, 2, 2, 2, 1, 1, 1]);
    expect(figure.flight).toBe(10);
  });

  it('falls back to one for one when more is found lost', () => {
    const figure = new Figure(20, 10);
    figure.ack(1, 15);
    expect(figure.ack(1, 0, true)).toBe(2);
    expect(figure.ack(1, 2, false)).toBe(1);
    expect(figure.ack(1, 0, true)).toBe(2);
  });

  it('catches up on what it could not send, no further than to ssthresh', () => {
    const prr = new ProportionalRateReduction(SMSS);
    prr.start(20 * SMSS, 10 * SMSS);
    prr.onAck(4 * SMSS, 4 * SMSS, false);
    prr.onAck(2 * SMSS, 2 * SMSS, false);
    expect(prr.budgetBytes).toBe(6 * SMSS);
    prr.onAck(9 * SMSS, 6 * SMSS, true);
    expect(prr.budgetBytes).toBe(4 * SMSS);
  });
});

describe('P-CC-04 entry', () => {
  it('gives one segment before anything arrived, and still one if that came to less', () => {
    const prr = new ProportionalRateReduction(SMSS);
    expect(prr.budgetBytes).toBe(0);
    prr.start(20 * SMSS, 10 * SMSS);
    expect(prr.budgetBytes).toBe(SMSS);
    prr.onAck(10, 10 * SMSS - 5, false);
    expect(prr.budgetBytes).toBe(SMSS);
    prr.onSent(SMSS);
    prr.onAck(0, 4 * SMSS, true);
    expect(prr.budgetBytes).toBe(0);
  });

  it('forgets the recovery before', () => {
    const prr = new ProportionalRateReduction(SMSS);
    prr.start(20 * SMSS, 10 * SMSS);
    prr.onAck(9 * SMSS, 9 * SMSS, true);
    prr.onSent(8 * SMSS);
    prr.start(40 * SMSS, 20 * SMSS);
    prr.onAck(2 * SMSS, 37 * SMSS, true);
    expect(prr.budgetBytes).toBe(SMSS);
  });
});

describe('P-CC-04 properties', () => {
  const step = fc.record({
    news: fc.integer({ min: 1, max: 12 }),
    lost: fc.integer({ min: 0, max: 6 }),
    isSafe: fc.boolean(),
    most: fc.integer({ min: 0, max: 20 }),
  });

  it('lets out what RFC 9937 §6 computes, whatever arrives and whatever is left to send', () => {
    const starts = fc.integer({ min: 1, max: 60 });
    const shares = fc.double({ min: 0.1, max: 1, noNaN: true });
    fc.assert(
      fc.property(starts, shares, fc.array(step), (start, share, steps) => {
        const ssthresh = Math.max(2, Math.ceil(start * share));
        const figure = new Figure(start, ssthresh);
        let [delivered, out] = [0, 0];
        for (const { news: told, lost: gone, isSafe, most } of steps) {
          const news = Math.min(told, figure.flight);
          if (news === 0) break;
          const lost = Math.min(gone, figure.flight - news);
          const flight = figure.flight - news - lost;
          delivered += news;
          const bound = Math.max(delivered - out, news) + (isSafe ? 1 : 0);
          const allowed =
            flight > ssthresh
              ? Math.ceil((delivered * Math.min(ssthresh, start)) / start) - out
              : Math.min(ssthresh - flight, bound);
          const least = out === 0 ? 1 : 0;
          figure.most = most;
          const sent = figure.ack(news, lost, isSafe);
          expect(sent).toBe(Math.min(most, Math.max(least, allowed)));
          out += sent;
        }
      }),
    );
  });

  it('ends with ssthresh in flight, if the sender always has something to send', () => {
    const losses = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(losses, fc.integer({ min: 2, max: 60 }), (lost, ssthresh) => {
        const figure = new Figure(60, ssthresh);
        // The first flight arrives segment by segment; losses are found with the first arrival.
        const arriving = 60 - lost.length;
        figure.ack(1, lost.length);
        repeat(arriving - 1, () => figure.ack(1));
        // Then what was sent in recovery comes home, and repairs it in order.
        repeat(2 * ssthresh + 10, () => figure.ack(Math.min(1, figure.flight), 0, true));
        expect(figure.flight).toBe(Math.max(1, ssthresh));
      }),
    );
  });
});
