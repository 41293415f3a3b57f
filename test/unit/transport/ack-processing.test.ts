import { describe, expect, it } from 'vitest';
import { ERROR } from '../../../src/wire/codes.ts';
import { opened, type Scene, sendSegments } from './player.ts';
import { type Seen, text } from './segments.ts';
import { FIRST_SEQ, FIRST_TXN } from './station.ts';

const violation = (rule: string) => ({ kind: 'violation', by: 'peer', rule });

/** The connection is closed for breaking `rule`, and the peer is told. */
function expectViolation({ station, connection, app }: Scene, batch: Seen[], rule: string): void {
  expect(app.closed).toEqual(violation(rule));
  expect(batch).toMatchObject([{ kind: 'close', closeStage: 1, error: ERROR.PROTOCOL }]);
  expect(connection.state).toBe('closing');
  expect(station.sendPool.usedBytes).toBe(0);
}

describe('acknowledgements that an endpoint takes', () => {
  it('P-ACK-04 do no harm late, repeated or out of order', () => {
    const scene = opened({}, {}, 100);
    const { player, station, connection } = scene;
    const sent = sendSegments(scene, 10);
    station.advance(100);
    const say = (upTo: number, held: readonly number[] = []): Uint8Array =>
      player.acknowledge(
        {
          told: sent.slice(0, upTo).map(({ txn }) => txn),
          held: held.map((n) => FIRST_SEQ + n),
          credit: 1_000_000 - upTo,
        },
        { ack: FIRST_SEQ + upTo, window: 100 },
      );
    const blocks = [say(2), say(4, [6]), say(5, [6, 7]), say(8), say(10)];
    player.feed(blocks[3]!);
    const { peerWindowSegments } = connection.stats();
    player.feed(blocks[0]!, blocks[2]!, blocks[1]!);
    expect(connection.stats()).toMatchObject({
      flightSizeBytes: 2 * 1400,
      bytesAcknowledged: 8 * 1368,
      peerWindowSegments,
    });
    player.feed(blocks[4]!, blocks[4]!);
    player.feed(say(3, [4, 9]), say(10));
    expect(connection.stats()).toMatchObject({
      flightSizeBytes: 0,
      bytesAcknowledged: 10 * 1368,
      segmentsRetransmitted: 0,
      fastRecoveries: 0,
    });
    expect(connection.audit()).toBeUndefined();
    expect(station.sendPool.usedBytes).toBe(0);
  });

  it('P-ACK-05 close the connection when ack is beyond what was sent', () => {
    const scene = opened();
    sendSegments(scene, 3);
    const { player } = scene;
    player.feed(player.acknowledge({}, { ack: FIRST_SEQ + 3 }));
    expect(scene.app.closed).toBeUndefined();
    const batch = player.feed(player.acknowledge({}, { ack: FIRST_SEQ + 4 }));
    expectViolation(scene, batch, 'P-ACK-05');
  });

  it('P-ACK-05 holds for the ack of a stream segment too', () => {
    const scene = opened();
    const batch = scene.player.feed(scene.player.op(text('x'), { ack: FIRST_SEQ + 1 }));
    expect(scene.app.closed).toEqual(violation('P-ACK-05'));
    expect(batch[0]).toMatchObject({ kind: 'close', error: ERROR.PROTOCOL });
  });

  it('P-ACK-05 takes an ack far behind for an old one', () => {
    const scene = opened();
    const { player } = scene;
    sendSegments(scene, 3);
    player.feed(player.acknowledge({}, { ack: FIRST_SEQ - 2 ** 31 + 10 }));
    expect(scene.app.closed).toBeUndefined();
    expect(scene.connection.stats().flightSizeBytes).toBe(3 * 1400);
  });

  it.each([
    ['an echo that was not sent', (last: number) => ({ told: [last + 1] })],
    ['an echo of before the first', () => ({ told: [FIRST_TXN - 1] })],
    ['a bit that was not sent', (last: number) => ({ told: [last + 2], echo: last })],
  ])('P-ACK-06 close the connection when they name %s', (_, words) => {
    const scene = opened();
    const last = sendSegments(scene, 3).at(-1)!.txn;
    const batch = scene.player.feed(scene.player.acknowledge(words(last)));
    expectViolation(scene, batch, 'P-ACK-06');
  });

  it('P-ACK-06 close the connection when they name a skipped transmission', () => {
    const scene = opened({ connection: { sendQueueBytes: 10_000_000 } });
    const { player, station } = scene;
    station.sendBytes(scene.connection, new Uint8Array(2_000_000));
    let skipped = -1;
    let batch = station.drain();
    let before = batch[0]!.txn - 1;
    for (;;) {
      for (const { txn } of batch) {
        if (txn - before === 2) skipped = txn - 1;
        before = txn;
      }
      if (skipped >= 0) break;
      batch = player.feed(player.acknowledgeAll());
    }
    player.feed(player.acknowledge({ told: [skipped - 1, skipped + 1] }));
    expect(scene.app.closed).toBeUndefined();
    batch = player.feed(player.acknowledge({ told: [skipped] }));
    expect(scene.app.closed).toEqual(violation('P-ACK-06'));
    expect(batch.at(-1)).toMatchObject({ kind: 'close', error: ERROR.PROTOCOL });
  });

  it('P-ACK-07 close the connection when SACK names a segment beyond what was sent', () => {
    const scene = opened();
    const { player } = scene;
    sendSegments(scene, 3);
    player.feed(player.acknowledge({ held: [FIRST_SEQ + 2] }));
    expect(scene.app.closed).toBeUndefined();
    const batch = player.feed(player.acknowledge({ held: [FIRST_SEQ + 3] }));
    expectViolation(scene, batch, 'P-ACK-07');
  });

  it('P-ACK-07 holds for a later word whatever the words before say', () => {
    const scene = opened();
    const { player } = scene;
    sendSegments(scene, 3);
    const held = [FIRST_SEQ + 1, FIRST_SEQ + 64];
    expectViolation(scene, player.feed(player.acknowledge({ held })), 'P-ACK-07');
  });

  it('settle a segment by whichever of ack, SACK and TMAP comes first, and count it once', () => {
    const scene = opened({}, {}, 100);
    const { player, connection } = scene;
    const sent = sendSegments(scene, 3);
    const step = (block: Uint8Array): number => {
      player.feed(block);
      return connection.stats().flightSizeBytes / 1400;
    };
    const told = [sent[0]!.txn];
    expect(step(player.acknowledge({ told }))).toBe(2);
    expect(step(player.acknowledge({ held: [FIRST_SEQ + 1] }))).toBe(1);
    expect(step(player.acknowledge({ told: [sent[1]!.txn] }))).toBe(1);
    expect(step(player.acknowledge({}, { ack: FIRST_SEQ + 3 }))).toBe(0);
    expect(step(player.acknowledge({ told: [sent[2]!.txn] }))).toBe(0);
    expect(connection.stats()).toMatchObject({ bytesAcknowledged: 3 * 1368 });
    expect(connection.stats().cwndBytes).toBe(14_000);
  });

  it('take windows and credit of current acknowledgements only', () => {
    const scene = opened({}, { windowSegments: 10, creditBytes: 14_000 });
    const { player, connection } = scene;
    sendSegments(scene, 4);
    player.feed(player.acknowledge({ credit: 30_000 }, { ack: FIRST_SEQ + 4, window: 20 }));
    expect(connection.stats().peerWindowSegments).toBe(20);
    player.feed(player.acknowledge({ credit: 90_000 }, { ack: FIRST_SEQ + 3, window: 90 }));
    expect(connection.stats().peerWindowSegments).toBe(20);
    player.feed(player.acknowledge({ credit: 9 }, { ack: FIRST_SEQ + 4, window: 9 }));
    expect(connection.stats().peerWindowSegments).toBe(20);
    expect(connection.stats().windowLimits).toBe(0);
  });

  it('tell by how many segments window and credit are open, and how often they were shut', () => {
    const scene = opened({}, { windowSegments: 10, creditBytes: 4 * 1368 + 5 });
    const { connection, player } = scene;
    expect(connection.stats().peerWindowSegments).toBe(4);
    sendSegments(scene, 6);
    expect(connection.stats()).toMatchObject({ peerWindowSegments: 0, windowLimits: 1 });
    player.feed(player.acknowledge({ credit: 1368 }, { ack: FIRST_SEQ + 4, window: 9 }));
    expect(connection.stats()).toMatchObject({ peerWindowSegments: 0, windowLimits: 2 });
  });

  it('let the window of a stream segment count too', () => {
    const { player, connection } = opened({}, { windowSegments: 10 });
    player.feed(player.op(text('x'), { window: 33 }));
    expect(connection.stats().peerWindowSegments).toBe(33);
  });
});
