import { describe, expect, it } from 'vitest';
import { EPOCH_TXNS, MAX_FAILED_OPENS, SegmentKeys } from '../../../src/crypto/segment-keys.ts';
import { SegmentSealer } from '../../../src/crypto/segment-sealer.ts';
import type { Sealer } from '../../../src/transport/seal.ts';
import { SeededRandom } from '../../../src/util/random.ts';
import { AT, STREAM_HEADER_BYTES } from '../../../src/wire/layout.ts';
import { BOTH, bytesOf, hexOf, randomBytes } from './bytes.ts';

const ROOT_KEY = bytesOf('00112233445566778899aabbccddeeff'.repeat(2));
const FIRST_TXN = 5 * EPOCH_TXNS + 77;
const START = 3;
const PAYLOAD_START = START + STREAM_HEADER_BYTES;
const PAYLOAD_END = PAYLOAD_START + 100;
const SEALED_END = PAYLOAD_END + 16;

type Change = Partial<ConstructorParameters<typeof SegmentKeys>[0]>;

function keys(change: Change = {}): SegmentKeys {
  const options = { primitives: BOTH[0], rootKey: ROOT_KEY, firstTxn: FIRST_TXN };
  return new SegmentKeys({ ...options, ...change });
}

function clearSegment(): Uint8Array {
  return randomBytes(new SeededRandom(7), SEALED_END + 5);
}

function sealed(sender: SegmentKeys, txn: number): Uint8Array {
  const buffer = clearSegment();
  sender.seal(buffer, START, PAYLOAD_START, PAYLOAD_END, txn);
  return buffer;
}

/** Opens a copy and says whether the payload is what it was. */
function opens(receiver: SegmentKeys, buffer: Uint8Array, txn: number): boolean {
  const copy = buffer.slice();
  if (!receiver.open(copy, START, PAYLOAD_START, SEALED_END, txn)) return false;
  const clear = clearSegment();
  expect(hexOf(copy.subarray(0, PAYLOAD_END))).toBe(hexOf(clear.subarray(0, PAYLOAD_END)));
  return true;
}

function forgery(): Uint8Array {
  return clearSegment();
}

describe('SegmentKeys', () => {
  it.each(BOTH)('what $name seals opens, the checksum aside', (primitives) => {
    const buffer = sealed(keys({ primitives }), FIRST_TXN);
    const clear = clearSegment();
    expect(hexOf(buffer.subarray(0, PAYLOAD_START))).toBe(hexOf(clear.subarray(0, PAYLOAD_START)));
    expect(hexOf(buffer.subarray(SEALED_END))).toBe(hexOf(clear.subarray(SEALED_END)));
    expect(hexOf(buffer.subarray(PAYLOAD_START, PAYLOAD_END))).not.toBe(
      hexOf(clear.subarray(PAYLOAD_START, PAYLOAD_END)),
    );
    const receiver = keys({ primitives });
    buffer[START + AT.CHECKSUM] = 0x12;
    buffer[START + AT.CHECKSUM + 1] = 0x34;
    expect(receiver.open(buffer, START, PAYLOAD_START, SEALED_END, FIRST_TXN)).toBe(true);
    expect(receiver.failedOpens).toBe(0);
  });

  it('gives the same bytes by both libraries, in several epochs', () => {
    const [one, other] = BOTH.map((primitives) => keys({ primitives }));
    for (const txn of [FIRST_TXN, FIRST_TXN + 9, 6 * EPOCH_TXNS, 7 * EPOCH_TXNS + 1]) {
      expect(hexOf(sealed(one!, txn))).toBe(hexOf(sealed(other!, txn)));
    }
  });

  it('refuses each flipped bit of header, options, payload and tag, and another TXN', () => {
    const buffer = sealed(keys(), FIRST_TXN);
    const receiver = keys();
    let refused = 0;
    for (let bit = 8 * START; bit < 8 * SEALED_END; bit += 1) {
      const at = (bit >> 3) - START;
      if (at === AT.CHECKSUM || at === AT.CHECKSUM + 1) continue;
      buffer[bit >> 3]! ^= 1 << (bit & 7);
      expect(opens(receiver, buffer, FIRST_TXN)).toBe(false);
      buffer[bit >> 3]! ^= 1 << (bit & 7);
      refused += 1;
    }
    expect(receiver.failedOpens).toBe(refused);
    for (const txn of [FIRST_TXN - 1, FIRST_TXN + 1, FIRST_TXN + 2 ** 32, -1]) {
      expect(opens(receiver, buffer, txn)).toBe(false);
    }
    expect(opens(receiver, buffer, FIRST_TXN)).toBe(true);
  });

  it('opens a replay: telling duplicates is the business of the caller', () => {
    const buffer = sealed(keys(), FIRST_TXN);
    const receiver = keys();
    expect([1, 2, 3].map(() => opens(receiver, buffer, FIRST_TXN))).toEqual([true, true, true]);
  });

  it('seals each TXN once, in order, and not beyond the next epoch', () => {
    const sender = keys();
    sealed(sender, FIRST_TXN + 5);
    for (const txn of [FIRST_TXN + 5, FIRST_TXN, 7 * EPOCH_TXNS, NaN, 2 ** 53]) {
      expect(() => sealed(sender, txn)).toThrow('invariant broken');
    }
  });

  it('takes numbers up to 2^53 and 16 bits that differ only high up for different nonces', () => {
    const firstTxn = 2 ** 52;
    const [low, high] = [keys({ firstTxn: 1 }), keys({ firstTxn })];
    // The first epoch of each has the same key, so only the nonces differ.
    expect(hexOf(sealed(low, 1))).not.toBe(hexOf(sealed(high, firstTxn + 1)));
    const txn = Number.MAX_SAFE_INTEGER;
    const options = { firstTxn: txn - 3 };
    expect(opens(keys(options), sealed(keys(options), txn), txn)).toBe(true);
  });
});

describe('SegmentKeys, from epoch to epoch', () => {
  it('changes the key every 2^22 numbers and at a jump', () => {
    const sender = keys();
    const receiver = keys();
    expect(sender.jumpTxn(FIRST_TXN)).toBe(6 * EPOCH_TXNS);
    expect(sender.jumpTxn(6 * EPOCH_TXNS - 1)).toBe(6 * EPOCH_TXNS);
    // Not over an epoch in which nothing was sealed: the receiver would not follow.
    expect(sender.jumpTxn(6 * EPOCH_TXNS + 3)).toBe(6 * EPOCH_TXNS + 3);
    const txns = [FIRST_TXN, 6 * EPOCH_TXNS - 1, 6 * EPOCH_TXNS, 7 * EPOCH_TXNS, 8 * EPOCH_TXNS];
    for (const txn of txns) expect(opens(receiver, sealed(sender, txn), txn)).toBe(true);
    expect(receiver.failedOpens).toBe(0);
    expect(sender.jumpTxn(8 * EPOCH_TXNS + 1)).toBe(9 * EPOCH_TXNS);
  });

  it('opens the epoch before and the one after, and no others', () => {
    const sender = keys();
    const txns = [5, 6, 7, 8, 9].map((epoch) => epoch * EPOCH_TXNS + 100);
    const segments = txns.map((txn) => sealed(sender, txn));
    const receiver = keys();
    const open = (index: number): boolean => opens(receiver, segments[index]!, txns[index]!);
    expect([2, 3, 4].map(open)).toEqual([false, false, false]);
    // Neither a glance at a far epoch nor one forgery moves anything.
    expect(receiver.failedOpens).toBe(0);
    expect(open(1)).toBe(true);
    expect([0, 1, 0].map(open)).toEqual([true, true, true]);
    expect(open(2)).toBe(true);
    // Now 7 is current: 5 is forgotten, 6 still opens.
    expect([0, 1, 2, 4].map(open)).toEqual([false, true, true, false]);
    expect([3, 4].map(open)).toEqual([true, true]);
    expect([1, 2, 3].map(open)).toEqual([false, false, true]);
  });

  it('a forgery of the next epoch moves nothing', () => {
    const sender = keys();
    const receiver = keys();
    const before = sealed(sender, FIRST_TXN);
    const txn = 6 * EPOCH_TXNS;
    const next = sealed(sender, txn);
    for (let i = 0; i < 5; i += 1) expect(opens(receiver, forgery(), txn)).toBe(false);
    expect(receiver.failedOpens).toBe(5);
    expect(opens(receiver, sealed(sender, txn + 1), txn + 1)).toBe(true);
    expect(opens(receiver, next, txn)).toBe(true);
    expect(opens(receiver, before, FIRST_TXN)).toBe(true);
  });

  it('opens no epoch before the first', () => {
    const receiver = keys({ firstTxn: EPOCH_TXNS });
    expect(opens(receiver, forgery(), EPOCH_TXNS - 1)).toBe(false);
    expect(receiver.failedOpens).toBe(0);
  });

  it('has other keys in each epoch and each direction', () => {
    // The same nonce and text under the keys of five epochs: numbered from different starts.
    const streams = [0, 1, 2, 3, 4].map((epochs) => {
      const sender = keys({ firstTxn: (10 - epochs) * EPOCH_TXNS });
      for (let i = epochs; i > 0; i -= 1) sealed(sender, (11 - i) * EPOCH_TXNS - 1);
      return hexOf(sealed(sender, 10 * EPOCH_TXNS));
    });
    expect(new Set(streams).size).toBe(5);
    const other = keys({ rootKey: ROOT_KEY.map((byte) => byte ^ 1), firstTxn: 10 * EPOCH_TXNS });
    expect(streams).not.toContain(hexOf(sealed(other, 10 * EPOCH_TXNS)));
  });

  it('a new key every two segments, 30 % of them reordered, loses none', () => {
    const random = new SeededRandom(4);
    const options = { epochTxns: 8, firstTxn: 1000 };
    const [sender, receiver] = [keys(options), keys(options)];
    let txn = 1000;
    let held: [Uint8Array, number] | undefined;
    for (let i = 0; i < 5000; i += 1) {
      const segment = sealed(sender, txn);
      if (held === undefined && random.chance(0.3)) held = [segment, txn];
      else {
        expect(opens(receiver, segment, txn)).toBe(true);
        if (held !== undefined) expect(opens(receiver, ...held)).toBe(true);
        held = undefined;
      }
      txn += random.chance(0.5) ? 1 : 4;
    }
    expect(receiver.failedOpens).toBe(0);
  });
});

describe('SegmentKeys, at the end of a key', () => {
  it('a key that met its limit of forgeries opens nothing more', () => {
    const sender = keys();
    const receiver = keys({ maxFailedOpens: 3 });
    const honest = sealed(sender, FIRST_TXN);
    expect([1, 2].map(() => opens(receiver, forgery(), FIRST_TXN))).toEqual([false, false]);
    expect([receiver.isWorn, opens(receiver, honest, FIRST_TXN)]).toEqual([false, true]);
    expect(opens(receiver, forgery(), FIRST_TXN)).toBe(false);
    expect([receiver.isWorn, opens(receiver, honest, FIRST_TXN)]).toEqual([true, false]);
    expect(receiver.failedOpens).toBe(3);
    expect(MAX_FAILED_OPENS).toBe(2 ** 36);
  });

  it('counts for each key by itself', () => {
    const sender = keys();
    const receiver = keys({ maxFailedOpens: 2 });
    const txns = [FIRST_TXN, 6 * EPOCH_TXNS];
    const honest = txns.map((txn) => sealed(sender, txn));
    for (const txn of txns) expect(opens(receiver, forgery(), txn)).toBe(false);
    expect(receiver.isWorn).toBe(false);
    expect(txns.map((txn, index) => opens(receiver, honest[index]!, txn))).toEqual([true, true]);
    expect(receiver.failedOpens).toBe(2);
  });

  it('seals and opens nothing once it is wiped', () => {
    const [sender, receiver] = [keys(), keys()];
    const honest = sealed(sender, FIRST_TXN);
    sender.wipe();
    receiver.wipe();
    expect(() => sealed(sender, FIRST_TXN + 1)).toThrow('invariant broken');
    expect(opens(receiver, honest, FIRST_TXN)).toBe(false);
  });

  it('leaves the root key to its owner', () => {
    // A Buffer on purpose: its slices are views, and wiping one would reach it.
    const rootKey = Buffer.from(ROOT_KEY);
    const sender = keys({ rootKey });
    sealed(sender, 6 * EPOCH_TXNS);
    sender.wipe();
    expect(hexOf(rootKey)).toBe(hexOf(ROOT_KEY));
  });
});

describe('SegmentSealer', () => {
  it('is a Sealer of both directions', () => {
    const back = ROOT_KEY.map((byte) => byte ^ 0xff);
    const end = (send: Uint8Array, receive: Uint8Array): SegmentSealer =>
      new SegmentSealer(keys({ rootKey: send }), keys({ rootKey: receive }));
    const [client, server] = [end(ROOT_KEY, back), end(back, ROOT_KEY)];
    const sealer: Sealer = client;
    expect([sealer.overheadBytes, sealer.checksumCoversPayload]).toEqual([16, false]);
    const buffer = clearSegment();
    client.seal(buffer, START, PAYLOAD_START, PAYLOAD_END, FIRST_TXN);
    const reflected = buffer.slice();
    expect(client.open(reflected, START, PAYLOAD_START, SEALED_END, FIRST_TXN)).toBe(false);
    expect(server.open(buffer, START, PAYLOAD_START, SEALED_END, FIRST_TXN)).toBe(true);
    server.wipe();
    expect(server.open(buffer, START, PAYLOAD_START, SEALED_END, FIRST_TXN)).toBe(false);
  });
});
