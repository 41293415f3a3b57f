import { describe, expect, it } from 'vitest';
import { MAX_SACK_WORDS } from '../../../src/wire/ack-block.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { accepted, opened } from './player.ts';
import { heldBy, pattern, type Seen, text, toldBy } from './segments.ts';

/** A connection that has acknowledged so much that it waits between two acknowledgements. */
function spent(parameters: Parameters<typeof accepted>[1]): ReturnType<typeof accepted> {
  // The opening takes too long to count as a round trip, so that the wish alone decides.
  const pair = accepted({}, parameters, 1_500);
  for (let i = 0; i < 16; i += 1) pair.player.feed(pair.player.probe());
  return pair;
}

const kinds = (batch: readonly Seen[]): string[] => batch.map(({ kind }) => kind);

describe('acknowledgements that an endpoint sends', () => {
  it('stand alone, with ack and window in every header', () => {
    const { player } = accepted({ connection: { receiveWindowSegments: 300 } });
    const [ack] = player.feed(player.op(text('x')));
    expect(ack!.flags).toBe(FLAG.ACK);
    expect(ack).toMatchObject({ ack: 101, window: 300, headerBytes: 32 });
  });

  it('P-ACK-08 leave when as many segments wait as the peer asked for', () => {
    const { player } = spent({ ackEverySegments: 3, maxAckDelayMs: 40 });
    expect(player.feed(player.dat(text('a')))).toEqual([]);
    expect(player.feed(player.dat(text('b')))).toEqual([]);
    expect(kinds(player.feed(player.dat(text('c'))))).toEqual(['ack']);
  });

  it('P-ACK-08 leave as long after the last of many as the peer asked for', () => {
    const { station, player } = spent({ ackEverySegments: 3, maxAckDelayMs: 40 });
    const startMs = station.nowMs;
    station.nowMs = startMs + 10;
    player.feed(player.dat(text('a')));
    station.nowMs = startMs + 20;
    player.feed(player.dat(text('b')));
    expect(station.advance(19.9)).toEqual([]);
    const [ack, ...more] = station.advance(100);
    expect(more).toEqual([]);
    expect(ack).toMatchObject({ atMs: startMs + 40, kind: 'ack' });
    // The echo is the newer one, which came 20 ms before.
    expect(ack!.block!.delayMs).toBeCloseTo(20, 3);
  });

  it('P-ACK-08 are one for a batch of input', () => {
    const { player } = accepted();
    const batch = Array.from({ length: 20 }, (_, i) => player.dat(pattern(10, i)));
    const [ack, ...more] = player.feed(...batch);
    expect(more).toEqual([]);
    expect(ack).toMatchObject({ kind: 'ack', ack: 120 });
  });

  it('P-ACK-08 leave at once on a new gap and on a filled one', () => {
    const { player } = spent({ ackEverySegments: 100 });
    expect(player.feed(player.dat(text('a'), { seq: 100 }))).toEqual([]);
    const [gap] = player.feed(player.dat(text('c'), { seq: 102 }));
    expect(gap).toMatchObject({ kind: 'ack', ack: 101 });
    expect(heldBy(gap!.block!)).toEqual([102]);
    expect(player.feed(player.dat(text('d'), { seq: 103 }))).toEqual([]);
    expect(kinds(player.feed(player.dat(text('f'), { seq: 105 })))).toEqual(['ack']);
    const [filled] = player.feed(player.dat(text('b'), { seq: 101 }));
    expect(filled).toMatchObject({ kind: 'ack', ack: 104 });
    expect(heldBy(filled!.block!)).toEqual([105]);
  });

  it('P-ACK-08 leave at once on a gap that pieces make or fill', () => {
    const { player } = spent({ ackEverySegments: 100 });
    const piece = (seq: number, offset: number) =>
      player.dat(text('ab'), { seq, part: [offset, 4] });
    expect(player.feed(piece(101, 0))).toEqual([]);
    const [gap] = player.feed(piece(101, 2));
    expect(heldBy(gap!.block!)).toEqual([101]);
    expect(player.feed(piece(100, 2))).toEqual([]);
    expect(player.feed(piece(100, 0))).toMatchObject([{ kind: 'ack', ack: 102 }]);
  });

  it('P-ACK-08 leave at once on the end of a record', () => {
    const { player } = spent({ ackEverySegments: 100 });
    expect(player.feed(player.dat(text('a')))).toEqual([]);
    const flags = FLAG.DAT | FLAG.END | FLAG.ACK;
    expect(kinds(player.feed(player.dat(text('b'), { flags })))).toEqual(['ack']);
    expect(player.feed(player.op(text('part'), { flags: FLAG.OP | FLAG.ACK }))).toEqual([]);
    expect(kinds(player.feed(player.op(text('whole'))))).toEqual(['ack']);
  });

  it('P-ACK-08 leave at once on a probe', () => {
    const { player } = opened();
    const [ack, ...more] = player.feed(player.probe({ txn: 900 }));
    expect(more).toEqual([]);
    expect(ack).toMatchObject({ kind: 'ack' });
    expect(ack!.block!.echo).toBe(900);
  });

  it('P-ACK-08 are not given for acknowledgements and closing messages', () => {
    const { station, player } = accepted();
    player.feed(player.acknowledge(), player.acknowledge(), player.acknowledge());
    expect(kinds(player.feed(player.close(1)))).toEqual(['close']);
    expect(kinds(station.advance(1_000))).toEqual([]);
  });

  it('P-ACK-01 name a transmission in eight acknowledgements', () => {
    const { player } = accepted({}, { ackEverySegments: 1 });
    const first = player.txn;
    const counts = Array.from({ length: 40 }, () => 0);
    for (let i = 0; i < 30; i += 1) {
      const [ack] = player.feed(player.dat(text('x'), { txn: first + 64 * i }));
      for (const txn of toldBy(ack!.block!)) {
        if (txn >= first) counts[(txn - first) / 64]! += 1;
      }
    }
    expect(counts.slice(0, 22)).toEqual(Array.from({ length: 22 }, () => 8));
  });

  it('P-ACK-01 name no transmission whose segment came too late to matter twice', () => {
    const { player } = accepted({}, { ackEverySegments: 1 });
    const [ack] = player.feed(player.dat(text('x'), { txn: 700 }));
    expect(toldBy(ack!.block!)).not.toContain(699);
    const [after] = player.feed(player.dat(text('y'), { txn: 699 }));
    expect(toldBy(after!.block!)).toEqual([640, 641, 699, 700]);
    expect(after!.block!.echo).toBe(700);
  });

  it('P-ACK-02 name the segments beyond ack that are held', () => {
    const { player } = accepted();
    const held = [101, 102, 131, 160, 300];
    player.feed(...held.map((seq) => player.dat(text('x'), { seq })));
    const [ack] = player.feed(player.probe());
    expect(ack!.ack).toBe(100);
    expect(heldBy(ack!.block!)).toEqual(held);
    expect(ack!.block).toMatchObject({ sackStart: 96, sackWords: 7 });
  });

  it('P-ACK-02 tell a span of more than 32 words slice by slice, round and round', () => {
    const { player } = accepted();
    const held = Array.from({ length: 30 }, (_, i) => 110 + 80 * i);
    player.feed(...held.map((seq) => player.dat(text('x'), { seq })));
    // The answer to the batch itself was the first slice.
    const slices = [player.feed(player.probe())[0]!.block!];
    while (slices.at(-1)!.sackStart !== 96) slices.push(player.feed(player.probe())[0]!.block!);
    const starts = slices.map(({ sackStart }) => sackStart);
    const lengths = slices.map(({ sackWords }) => 32 * sackWords);
    expect(starts.length).toBeGreaterThan(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(32 * MAX_SACK_WORDS);
    for (let i = 1; i + 1 < starts.length; i += 1) {
      expect(starts[i]).toBe(starts[i - 1]! + lengths[i - 1]!);
    }
    expect(slices.flatMap(heldBy).sort((x, y) => x - y)).toEqual(held);
    const next = player.feed(player.probe())[0]!.block!;
    expect(next.sackStart).toBe(starts[0]);
  });

  it('P-ACK-03 keep what they named, though memory is short and the window has shut', () => {
    const { player, app } = accepted({
      connection: { receiveWindowBytes: 16_000, receiveWindowSegments: 16 },
      // Half of it is the share of one connection.
      endpoint: { earlyPoolBytes: 8 * 1536 },
    });
    const early = [101, 102, 103, 104, 105].map((seq) => player.dat(pattern(1000, seq), { seq }));
    const [ack] = player.feed(...early);
    expect(heldBy(ack!.block!)).toEqual([101, 102, 103, 104]);
    expect(toldBy(ack!.block!)).toEqual([640, 641, 642, 643, 644, 645]);
    player.feed(player.dat(pattern(1000, 100), { seq: 100 }));
    const whole = [100, 101, 102, 103, 104].flatMap((seq) => [...pattern(1000, seq)]);
    expect(app.records[0]!.bytes).toEqual(new Uint8Array(whole));
  });

  it('leave in as many copies as configured, each under a number of its own', () => {
    const { player } = accepted({ connection: { controlCopies: 3 } });
    const batch = player.feed(player.op(text('x')));
    expect(kinds(batch)).toEqual(['ack', 'ack', 'ack']);
    expect(new Set(batch.map(({ txn }) => txn)).size).toBe(3);
    expect(batch[2]!.block).toEqual(batch[0]!.block);
    expect(player.feed(player.acknowledge())).toEqual([]);
  });

  it('bound what the peer may ask of them', () => {
    const { station, player } = spent({ ackEverySegments: 60_000, maxAckDelayMs: 60_000 });
    for (let i = 0; i < 255; i += 1) expect(player.feed(player.dat(text('x')))).toEqual([]);
    expect(kinds(player.feed(player.dat(text('x'))))).toEqual(['ack']);
    player.feed(player.dat(text('x')));
    expect(station.advance(999)).toEqual([]);
    expect(kinds(station.advance(1))).toEqual(['ack']);
  });
});
