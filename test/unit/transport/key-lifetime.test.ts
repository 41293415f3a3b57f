/** When a sender leaves its key, what it skips, and what it makes of answers about either side. */
import { describe, expect, it } from 'vitest';
import { EPOCH_TXNS, KEY_LIFETIME_MS } from '../../../src/crypto/segment-keys.ts';
import { PASS_THROUGH, type Sealer } from '../../../src/transport/seal.ts';
import { accepted, opened, type Scene } from './player.ts';
import { type Seen, text } from './segments.ts';
import { FIRST_TXN } from './station.ts';

/** No keys, but everything that hangs on their age; the sealing itself moves on as real keys do. */
function epochSealer(epochTxns = EPOCH_TXNS): Sealer {
  let epoch = 0;
  return {
    ...PASS_THROUGH,
    seal: (_buffer, _header, _start, _end, txn) => {
      const next = Math.floor(txn / epochTxns);
      expect([epoch, epoch + 1]).toContain(next);
      epoch = next;
    },
    keys: {
      epochTxns,
      lifetimeMs: KEY_LIFETIME_MS,
      jumpTxn: (txn) => Math.max(txn, (epoch + 1) * epochTxns),
      isWorn: () => false,
    },
  };
}

/** The station is the responder: it says nothing by itself. */
function scene(sealer: Sealer = epochSealer()): Scene {
  return accepted({ sealer, connection: { patienceMs: Infinity } }, { patienceMs: 0 });
}

/** One op record of the station's, acknowledged unless `isAnswered` is false. */
function say({ station, player, connection }: Scene, isAnswered = true): Seen {
  connection.sendMessage(text('x'));
  const sent = station.drain().filter(({ kind }) => kind === 'op');
  expect(sent).toHaveLength(1);
  station.nowMs += 10;
  if (isAnswered) player.feed(player.acknowledgeAll());
  return sent[0]!;
}

/** The player acknowledges what came and is heard all the time, so that patience is no matter. */
function pass({ station, player }: Scene, ms: number): Seen[] {
  const batch: Seen[] = [];
  for (let left = ms; left > 0; left -= 30_000) {
    batch.push(...player.answer(Math.min(30_000, left)));
    batch.push(...player.feed(player.acknowledge()));
  }
  expect(station.newest.state).toBe('established');
  return batch;
}

/** A scene whose station has just jumped: the last number before, and the first after it. */
function jumped(): Scene & { before: number; after: Seen } {
  const made = scene();
  const before = say(made).txn;
  pass(made, KEY_LIFETIME_MS);
  return { ...made, before, after: say(made, false) };
}

describe('a key that grows old', () => {
  it('P-KEY-09 is left for the first number of the next epoch after 15 minutes', () => {
    const made = scene();
    const before = say(made).txn;
    pass(made, KEY_LIFETIME_MS - 1_000);
    expect(say(made).txn).toBeLessThanOrEqual(before + 3);
    pass(made, 1_000);
    const after = say(made).txn;
    // One number in hundreds is skipped, by P-TXN-05.
    expect([EPOCH_TXNS, EPOCH_TXNS + 1]).toContain(after);
    expect(say(made).txn - after).toBeLessThanOrEqual(2);
    pass(made, KEY_LIFETIME_MS);
    expect(Math.floor(say(made).txn / EPOCH_TXNS)).toBe(2);
    expect(made.app.closed).toBeUndefined();
  });

  it('P-KEY-09 is kept while nothing under it has arrived, however long', () => {
    const made = scene();
    say(made);
    pass(made, KEY_LIFETIME_MS);
    say(made, false);
    const { station, player } = made;
    const { txn } = player.station.sent.at(-1)!;
    // The player is heard, and answers nothing: four lifetimes of the key.
    for (let i = 0; i < 120; i += 1) {
      station.advance(30_000);
      player.feed(player.acknowledge());
    }
    const epochs = new Set(station.sent.map((sent) => Math.floor(sent.txn / EPOCH_TXNS)));
    expect([...epochs]).toEqual([0, 1]);
    player.feed(player.acknowledge({ told: [txn] }));
    expect(Math.floor(say(made).txn / EPOCH_TXNS)).toBe(2);
  });

  it('P-KEY-09 a side that only acknowledges asks once a second whether it is heard', () => {
    const made = scene();
    const { station, player } = made;
    const hear = (ms: number): Seen[] => {
      station.nowMs += ms;
      return player.feed(player.op(text('y')));
    };
    expect(hear(10).map(({ kind }) => kind)).toEqual(['ack']);
    for (let i = 0; i < 90; i += 1) hear(10_000);
    const kinds = [0, 500, 400, 200].map((ms) => hear(ms).map(({ kind }) => kind));
    // The one before came with the last of those ten seconds.
    expect(kinds).toEqual([['ack'], ['ack'], ['ack'], ['ack', 'probe']]);
    expect(station.sent.at(-1)!.txn).toBeLessThan(FIRST_TXN + 200);
    player.feed(player.acknowledge({ told: [station.sent.at(-1)!.txn] }));
    const after = hear(10);
    expect(after.map(({ kind, txn }) => [kind, Math.floor(txn / EPOCH_TXNS)])).toEqual([
      ['ack', 1],
    ]);
    expect(made.app.closed).toBeUndefined();
  });

  it('P-KEY-09 is young again when counting alone has reached the next epoch', () => {
    const made = scene(epochSealer(FIRST_TXN + 56));
    say(made);
    pass(made, KEY_LIFETIME_MS / 2);
    let txn = 0;
    while (txn < FIRST_TXN + 56) ({ txn } = say(made));
    pass(made, KEY_LIFETIME_MS - 10_000);
    expect(say(made).txn).toBeLessThan(txn + 200);
    pass(made, 10_000);
    expect(Math.floor(say(made).txn / (FIRST_TXN + 56))).toBe(2);
  });

  it('is nothing where there are no keys: no number jumps', () => {
    const made = scene(PASS_THROUGH);
    say(made);
    pass(made, 10 * KEY_LIFETIME_MS);
    expect(say(made).txn).toBeLessThan(FIRST_TXN + 10);
  });

  it('P-KEY-09 jumps at the initiator too, whose probes keep the connection', () => {
    const made = opened({ sealer: epochSealer(), connection: { keepAliveMs: 10_000 } });
    const sent = pass(made, 2 * KEY_LIFETIME_MS + 60_000);
    expect(sent.every(({ kind }) => kind === 'probe')).toBe(true);
    const epochs = new Set(sent.map(({ txn }) => Math.floor(txn / EPOCH_TXNS)));
    expect([...epochs]).toEqual([0, 1, 2]);
  });
});

describe('what is told about numbers around a jump', () => {
  it('P-ACK-06 takes both sides of it, in any order', () => {
    const { player, app, connection, before, after } = jumped();
    player.ack = after.seq + 1;
    player.feed(player.acknowledge({ told: [after.txn] }));
    player.feed(player.acknowledge({ told: [before] }));
    expect(app.closed).toBeUndefined();
    expect(connection.stats().flightSizeBytes).toBe(0);
  });

  it('takes the round trip of a transmission that jumped', () => {
    const { player, station, connection, after } = jumped();
    station.advance(290);
    const before = connection.stats().srttMs;
    player.feed(player.acknowledge({ told: [after.txn] }));
    // RFC 6298: an eighth of the way to the new sample.
    expect(connection.stats().srttMs).toBeCloseTo(before + (300 - before) / 8, 0);
  });

  it.each([
    ['the first of it', (before: number) => 32 * Math.ceil((before + 1) / 32)],
    ['the middle', () => EPOCH_TXNS / 2],
    ['the last of it', () => EPOCH_TXNS - 1],
    ['one skipped to fill a word', (before: number) => before + 3],
  ])('P-KEY-09 P-ACK-06 an echo in the gap closes the connection: %s', (_, pick) => {
    const { player, app, before } = jumped();
    player.feed(player.acknowledge({ told: [pick(before)] }));
    expect(app.closed).toEqual({ kind: 'violation', by: 'peer', rule: 'P-ACK-06' });
  });

  it('P-KEY-09 P-ACK-06 a TMAP bit in the gap closes the connection', () => {
    const { player, app, after } = jumped();
    player.feed(player.acknowledge({ told: [EPOCH_TXNS - 30], echo: after.txn }));
    expect(app.closed).toEqual({ kind: 'violation', by: 'peer', rule: 'P-ACK-06' });
  });

  it('ignores what is told of numbers three jumps ago', () => {
    const made = jumped();
    const { player, app, before } = made;
    player.feed(player.acknowledgeAll());
    for (let i = 0; i < 2; i += 1) {
      pass(made, KEY_LIFETIME_MS);
      say(made);
    }
    player.feed(player.acknowledge({ told: [before] }));
    player.feed(player.acknowledge({ told: [FIRST_TXN - 1] }));
    expect(app.closed).toBeUndefined();
    // The gap of the last jump but one is still known for one.
    player.feed(player.acknowledge({ told: [2 * EPOCH_TXNS - 1] }));
    expect(app.closed).toMatchObject({ rule: 'P-ACK-06' });
  });
});
