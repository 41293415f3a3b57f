/**
 * A Noise handshake whose messages are edited, cut, repeated or invented on their way. Nothing but
 * the honest bytes of messages 2 and 3 is ever taken, and a refusal leaves no trace.
 */
import { NoiseXX } from '../../../src/crypto/noise-xx.ts';
import { PRIMITIVES, secretOf } from '../../sim/sealed.ts';
import { ByteReader } from '../byte-reader.ts';
import { BrokenProperty, demand, type Target } from '../target.ts';

const PUBLIC_KEYS = [11, 12].map((seed) => PRIMITIVES.publicKey(secretOf(seed)));
const PROLOGUE = Uint8Array.of(1, 2, 3);

function side(index: 0 | 1): NoiseXX {
  return new NoiseXX({
    primitives: PRIMITIVES,
    initiator: index === 0,
    staticSecret: secretOf(11 + index),
    staticPublic: PUBLIC_KEYS[index]!,
    ephemeralSecret: secretOf(21 + index),
    prologue: PROLOGUE,
  });
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** What the network makes of `honest`. */
function forge(reader: ByteReader, honest: Uint8Array): Uint8Array {
  const kind = reader.byte() % 4;
  if (kind === 0) return reader.take(reader.byte() + reader.byte());
  let bytes = honest.slice();
  const edits = reader.byte() % 4;
  for (let i = 0; i < edits; i += 1) bytes[reader.uint16() % bytes.length]! ^= reader.byte();
  if (kind === 1) bytes = bytes.slice(0, reader.uint16() % (bytes.length + 1));
  if (kind === 2) bytes = Uint8Array.of(...bytes, ...reader.take(reader.byte() % 40));
  return bytes;
}

/** Up to three forgeries of `honest`, then the message itself. */
function receive(reader: ByteReader, to: NoiseXX, honest: Uint8Array): void {
  const forgeries = reader.byte() % 4;
  const hash = to.handshakeHash.slice();
  for (let i = 0; i < forgeries; i += 1) {
    const forged = forge(reader, honest);
    if (isEqual(forged, honest)) continue;
    const range = to.readMessage(forged.slice(), 0, forged.length);
    demand(range === undefined, 'a forged message was taken');
    demand(isEqual(hash, to.handshakeHash), 'a refused message left a trace');
    demand(to.remoteStatic === undefined, 'a refused message taught a key');
  }
  const range = to.readMessage(honest.slice(), 0, honest.length);
  demand(range !== undefined, 'the honest message is refused after forged ones');
}

/** Message 1 is clear: what is taken of a forged one must make message 2 worthless. */
function forgeFirst(reader: ByteReader, honest: Uint8Array): void {
  const forged = forge(reader, honest);
  const responder = side(1);
  const range = responder.readMessage(forged.slice(), 0, forged.length);
  if (range === undefined) {
    const isHonest = isEqual(forged, honest);
    demand(!isHonest, 'an honest first message is refused');
    return;
  }
  demand(range.from === 32 && range.to === forged.length, 'the payload is somewhere else');
  const out = new Uint8Array(256);
  const end = responder.writeMessage(Uint8Array.of(9), out, 0);
  const initiator = side(0);
  initiator.writeMessage(Uint8Array.of(5, 6), new Uint8Array(256), 0);
  const isTaken = initiator.readMessage(out.slice(0, end), 0, end) !== undefined;
  demand(isTaken === isEqual(forged, honest), 'an edited first message went unnoticed');
}

function run(bytes: Uint8Array): void {
  const reader = new ByteReader(bytes);
  const ends = [side(0), side(1)] as const;
  const out = new Uint8Array(256);
  const say = (from: NoiseXX): Uint8Array => {
    const payload = reader.take(reader.byte() % 32);
    return out.slice(0, from.writeMessage(payload, out, 0));
  };
  const first = out.slice(0, ends[0].writeMessage(Uint8Array.of(5, 6), out, 0));
  if ((reader.byte() & 1) === 1) forgeFirst(reader, first);
  if (ends[1].readMessage(first.slice(), 0, first.length) === undefined) {
    throw new BrokenProperty('an honest first message is refused');
  }
  receive(reader, ends[0], say(ends[1]));
  receive(reader, ends[1], say(ends[0]));
  const [a, b] = [ends[0].split(), ends[1].split()];
  demand(isEqual(a.send, b.receive) && isEqual(a.receive, b.send), 'the ends have other keys');
  demand(!isEqual(a.send, a.receive), 'one key for both directions');
}

export const target: Target = {
  run,
  seeds: [
    new Uint8Array(8),
    Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 0xff),
    Uint8Array.of(1, 3, 1, 0, 4, 128, 2, 7, 3, 1, 3, 3, 0, 90, 1, 3, 3, 0, 10, 4),
  ],
  maxBytes: 256,
};
