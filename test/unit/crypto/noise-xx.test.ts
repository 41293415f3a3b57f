import { describe, expect, it } from 'vitest';
import {
  MESSAGE_1_BYTES,
  MESSAGE_2_BYTES,
  MESSAGE_3_BYTES,
  NoiseXX,
} from '../../../src/crypto/noise-xx.ts';
import { SeededRandom } from '../../../src/util/random.ts';
import { BOTH, bytesOf, hexOf, randomBytes } from './bytes.ts';
import { pairFrom, read, readerOf, run, write, writerOf } from './noise-pair.ts';
import { LOW_ORDER_POINTS } from './vectors.ts';

const NUMBERS = [0, 1, 2] as const;
const SIZES = [MESSAGE_1_BYTES, MESSAGE_2_BYTES, MESSAGE_3_BYTES];
const EMPTY = new Uint8Array(0);

describe('NoiseXX', () => {
  it.each(BOTH)('three messages make two keys and one hash, by $name', (primitives) => {
    const pair = pairFrom(new SeededRandom(3), primitives);
    const messages = run(pair);
    expect(messages.map(({ length }) => length - 1)).toEqual(SIZES);
    expect([pair.initiator.isDone, pair.responder.isDone]).toEqual([true, true]);
    expect(pair.initiator.handshakeHash).toEqual(pair.responder.handshakeHash);
    const [ours, theirs] = [pair.initiator.split(), pair.responder.split()];
    expect(ours.send).toEqual(theirs.receive);
    expect(ours.receive).toEqual(theirs.send);
    expect(ours.send).not.toEqual(ours.receive);
    expect([ours.send.length, ours.receive.length]).toEqual([32, 32]);
  });

  it('knows the peer before it answers', () => {
    const pair = pairFrom();
    expect(pair.initiator.remoteStatic).toBeUndefined();
    run(pair, 2);
    expect(pair.initiator.isWriter).toBe(true);
    expect(pair.initiator.remoteStatic).toHaveLength(32);
    expect(pair.responder.remoteStatic).toBeUndefined();
  });

  it('gives the same messages by both libraries', () => {
    const [one, other] = BOTH.map((primitives) => run(pairFrom(new SeededRandom(5), primitives)));
    expect(one!.map(hexOf)).toEqual(other!.map(hexOf));
  });

  it('takes the static public key where it is known', () => {
    const staticSecret = randomBytes(new SeededRandom(8), 32);
    const staticPublic = BOTH[0].publicKey(staticSecret);
    const plain = run(pairFrom(new SeededRandom(9), BOTH[0], { staticSecret }));
    const known = run(pairFrom(new SeededRandom(9), BOTH[0], { staticSecret, staticPublic }));
    expect(known.map(hexOf)).toEqual(plain.map(hexOf));
  });

  it('writes and reads inside larger buffers, and leaves the rest alone', () => {
    const pair = pairFrom();
    for (const index of NUMBERS) {
      const out = new Uint8Array(300).fill(0xee);
      const payload = randomBytes(new SeededRandom(index), 50);
      const end = writerOf(pair, index).writeMessage(payload, out, 11);
      expect(end).toBe(11 + SIZES[index]! + 50);
      const before = out.slice();
      expect(before.subarray(0, 11).every((byte) => byte === 0xee)).toBe(true);
      expect(before.subarray(end).every((byte) => byte === 0xee)).toBe(true);
      const range = readerOf(pair, index).readMessage(out, 11, end)!;
      expect(hexOf(out.subarray(range.from, range.to))).toBe(hexOf(payload));
      // What lies around the payload is as it came, so that a digest over it still fits.
      expect(out.subarray(0, range.from)).toEqual(before.subarray(0, range.from));
      expect(out.subarray(end)).toEqual(before.subarray(end));
    }
  });
});

describe('NoiseXX and Node buffers, whose slices are views', () => {
  it('leaves secrets, prologue and messages alone', () => {
    const random = new SeededRandom(3);
    const buffers = (): Buffer => Buffer.from(randomBytes(random, 32));
    const given = { prologue: buffers(), staticSecret: buffers(), ephemeralSecret: buffers() };
    const kept = Object.values(given).map((bytes) => hexOf(bytes));
    const pair = pairFrom(random, BOTH[0], given);
    for (const index of NUMBERS) {
      const out = Buffer.alloc(200);
      const end = writerOf(pair, index).writeMessage(Buffer.from('abc'), out, 0);
      const before = hexOf(out);
      const forged = Buffer.from(out);
      forged[end - 1]! ^= 1;
      const reader = readerOf(pair, index);
      if (index > 0) expect(reader.readMessage(forged, 0, end)).toBeUndefined();
      const range = reader.readMessage(out, 0, end)!;
      expect(out.toString('latin1', range.from, range.to)).toBe('abc');
      expect(before.startsWith(hexOf(out.subarray(0, range.from)))).toBe(true);
    }
    const hash = pair.initiator.handshakeHash;
    expect(pair.initiator.split().send).toEqual(pair.responder.split().receive);
    expect(pair.initiator.handshakeHash).toEqual(hash);
    expect(Object.values(given).map((bytes) => hexOf(bytes))).toEqual(kept);
  });
});

describe('NoiseXX and its prologue', () => {
  it('may be told it after message 1, of which it may be made', () => {
    const random = (): SeededRandom => new SeededRandom(6);
    const early = run(pairFrom(random()));
    const prologue = randomBytes(random(), 40);
    const late = pairFrom(random());
    const ends = [true, false].map((initiator, index) => {
      // The secrets in the order in which `pairFrom` draws them.
      const draws = random();
      randomBytes(draws, 40 + 64 * index);
      const staticSecret = randomBytes(draws, 32);
      const ephemeralSecret = randomBytes(draws, 32);
      return new NoiseXX({ primitives: BOTH[0], initiator, staticSecret, ephemeralSecret });
    });
    Object.assign(late, { initiator: ends[0], responder: ends[1] });
    const first = write(late.initiator, Uint8Array.of(1));
    expect(read(late.responder, first)).toEqual(Uint8Array.of(1));
    expect(() => write(late.responder, EMPTY)).toThrow('needs the prologue');
    for (const end of ends) end.setPrologue(prologue);
    expect(() => ends[0]!.setPrologue(prologue)).toThrow('settled');
    const second = write(late.responder, Uint8Array.of(2));
    expect(read(late.initiator, second)).toEqual(Uint8Array.of(2));
    const third = write(late.initiator, Uint8Array.of(3));
    expect([first, second, third].map(hexOf)).toEqual(early.map(hexOf));
  });

  it('refuses message 2 of a side that saw another one', () => {
    const pair = pairFrom();
    const strange = pairFrom(new SeededRandom(1), BOTH[0], { prologue: Uint8Array.of(1) });
    const first = write(pair.initiator, EMPTY);
    expect(read(strange.responder, first)).toEqual(EMPTY);
    expect(read(pair.initiator, write(strange.responder, EMPTY))).toBeUndefined();
  });
});

describe('NoiseXX against forgers', () => {
  it.each([1, 2] as const)('refuses each flipped bit of message %i + 1', (index) => {
    const pair = pairFrom();
    run(pair, index);
    const message = write(writerOf(pair, index), Uint8Array.of(7, 7, 7));
    const reader = readerOf(pair, index);
    const hash = hexOf(reader.handshakeHash);
    for (let bit = 0; bit < 8 * message.length; bit += 1) {
      const forged = message.slice();
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(read(reader, forged), `bit ${bit}`).toBeUndefined();
    }
    // No forgery left a trace.
    expect(hexOf(reader.handshakeHash)).toBe(hash);
    expect(reader.remoteStatic).toBeUndefined();
    expect(read(reader, message)).toEqual(Uint8Array.of(7, 7, 7));
  });

  it('refuses message 2 for each flipped bit of message 1', () => {
    const template = pairFrom();
    const first = write(template.initiator, Uint8Array.of(7, 7, 7));
    let refused = 0;
    for (let bit = 0; bit < 8 * first.length; bit += 1) {
      const { initiator, responder } = pairFrom();
      write(initiator, Uint8Array.of(7, 7, 7));
      const forged = first.slice();
      forged[bit >> 3]! ^= 1 << (bit & 7);
      // Message 1 is clear: the responder cannot know, but its answer fits only what it read.
      if (read(responder, forged) !== undefined) {
        expect(read(initiator, write(responder, EMPTY)), `bit ${bit}`).toBeUndefined();
      }
      refused += 1;
    }
    expect(refused).toBe(8 * 35);
  });

  it('refuses every shorter and a longer message', () => {
    const pair = pairFrom();
    for (const index of NUMBERS) {
      const message = write(writerOf(pair, index), EMPTY);
      const reader = readerOf(pair, index);
      for (let length = 0; length < message.length; length += 1) {
        expect(read(reader, message.subarray(0, length))).toBeUndefined();
      }
      if (index > 0) expect(read(reader, Uint8Array.of(...message, 0))).toBeUndefined();
      expect(read(reader, message)).toEqual(EMPTY);
    }
  });

  it.each(LOW_ORDER_POINTS)('refuses the ephemeral key of low order %s', (point) => {
    const { initiator, responder } = pairFrom();
    const first = write(initiator, EMPTY);
    expect(read(responder, bytesOf(point))).toBeUndefined();
    expect(read(responder, first)).toEqual(EMPTY);
    const second = write(responder, EMPTY);
    expect(read(initiator, Uint8Array.of(...bytesOf(point), ...second.slice(32)))).toBeUndefined();
    expect(read(initiator, second)).toEqual(EMPTY);
  });

  it.each(LOW_ORDER_POINTS)('refuses the static key of low order %s', (point) => {
    // A dishonest peer: all is sealed as it should be, but its static key shares nothing.
    const staticPublic = bytesOf(point);
    const bad = pairFrom(new SeededRandom(2), BOTH[0], { staticPublic });
    const good = pairFrom(new SeededRandom(2));
    const first = write(good.initiator, EMPTY);
    expect(read(bad.responder, first)).toEqual(EMPTY);
    expect(read(good.initiator, write(bad.responder, EMPTY))).toBeUndefined();
    expect(good.initiator.remoteStatic).toBeUndefined();
  });

  it('refuses a message of another handshake, and its own reflected', () => {
    const pair = pairFrom(new SeededRandom(10));
    const other = pairFrom(new SeededRandom(11));
    const [first] = run(pair, 2);
    const foreign = run(other);
    const third = write(pair.initiator, EMPTY);
    expect(read(pair.responder, foreign[2]!)).toBeUndefined();
    expect(read(pair.responder, Uint8Array.of(...first!, ...first!, ...first!))).toBeUndefined();
    expect(read(pair.responder, third)).toEqual(EMPTY);
  });
});

describe('NoiseXX, used in the wrong way', () => {
  it('takes turns', () => {
    const { initiator, responder } = pairFrom();
    expect(() => write(responder, EMPTY)).toThrow('not our turn');
    expect(() => read(initiator, new Uint8Array(200))).toThrow('not our turn');
    expect(() => initiator.split()).toThrow('not over');
    write(initiator, EMPTY);
    expect(() => write(initiator, EMPTY)).toThrow('not our turn');
  });

  it('does not write where there is no room', () => {
    const { initiator } = pairFrom();
    const call = (): unknown => initiator.writeMessage(EMPTY, new Uint8Array(40), 9);
    expect(call).toThrow('no room');
    expect(initiator.writeMessage(EMPTY, new Uint8Array(41), 9)).toBe(41);
  });

  it('takes secrets of 32 bytes alone', () => {
    const short = new Uint8Array(31);
    expect(() => pairFrom(undefined, undefined, { staticSecret: short })).toThrow('32 bytes');
    expect(() => pairFrom(undefined, undefined, { ephemeralSecret: short })).toThrow('32 bytes');
  });

  it('is over after split and after wipe, and leaves the secrets of its owner alone', () => {
    const staticSecret = randomBytes(new SeededRandom(12), 32);
    const kept = staticSecret.slice();
    const pair = pairFrom(new SeededRandom(13), BOTH[0], { staticSecret });
    run(pair);
    pair.initiator.split();
    expect(() => pair.initiator.split()).toThrow('not over');
    pair.responder.wipe();
    expect(() => pair.responder.split()).toThrow('not over');
    expect(() => read(pair.responder, EMPTY)).toThrow('not our turn');
    expect(staticSecret).toEqual(kept);
  });
});
