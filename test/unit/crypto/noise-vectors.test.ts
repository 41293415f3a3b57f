/** Every public vector of our handshake, byte by byte, with both implementations. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { NoiseXX } from '../../../src/crypto/noise-xx.ts';
import type { HashName, Primitives } from '../../../src/crypto/primitives.ts';
import { LIBRARIES, loadPrimitives } from '../../../src/io/primitives.ts';
import { bytesOf, hexOf } from './bytes.ts';
import { type Pair, readerOf, write, writerOf } from './noise-pair.ts';

interface Vector {
  readonly source: string;
  readonly name: string;
  readonly prologue: string;
  readonly initiatorStatic: string;
  readonly initiatorEphemeral: string;
  readonly responderStatic: string;
  readonly responderEphemeral: string;
  /** Some sets do not tell it. */
  readonly handshakeHash: string | null;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const FILE = fileURLToPath(new URL('../../golden/noise-vectors.json', import.meta.url));
const { vectors } = JSON.parse(readFileSync(FILE, 'utf8')) as { vectors: Vector[] };
const NO_AD = new Uint8Array(0);

function pairOf(vector: Vector, primitives: Primitives): Pair {
  const end = (initiator: boolean, staticHex: string, ephemeralHex: string): NoiseXX =>
    new NoiseXX({
      primitives,
      initiator,
      staticSecret: bytesOf(staticHex),
      ephemeralSecret: bytesOf(ephemeralHex),
      prologue: bytesOf(vector.prologue),
    });
  return {
    initiator: end(true, vector.initiatorStatic, vector.initiatorEphemeral),
    responder: end(false, vector.responderStatic, vector.responderEphemeral),
  };
}

/** Messages after the handshake: nonces count from 0 in each direction. */
function checkTransport(vector: Vector, pair: Pair, { aead }: Primitives): void {
  const [ours, theirs] = [pair.initiator.split(), pair.responder.split()];
  expect(hexOf(ours.send)).toBe(hexOf(theirs.receive));
  expect(hexOf(theirs.send)).toBe(hexOf(ours.receive));
  const counts = [0, 0];
  vector.messages.slice(3).forEach(({ payload, ciphertext }, offset) => {
    const direction = (offset + 3) % 2;
    const { send, receive } = direction === 0 ? ours : theirs;
    expect(send).not.toEqual(receive);
    const nonce = new Uint8Array(12);
    nonce[4] = counts[direction]!;
    counts[direction]! += 1;
    const clear = bytesOf(payload);
    const buffer = new Uint8Array(clear.length + 16);
    buffer.set(clear);
    aead.seal(send, nonce, NO_AD, buffer, 0, clear.length);
    expect(hexOf(buffer)).toBe(ciphertext);
    expect(aead.open(send, nonce, NO_AD, buffer, 0, buffer.length)).toBe(true);
    expect(hexOf(buffer.subarray(0, clear.length))).toBe(payload);
  });
}

describe.each(LIBRARIES)('the Noise vectors by %s', (library) => {
  it.each(vectors.map((vector) => [vector.source, vector.name, vector] as const))(
    '%s: %s',
    (_source, name, vector) => {
      const hash = name.split('_').at(-1) as HashName;
      const primitives = loadPrimitives(library, hash);
      const pair = pairOf(vector, primitives);
      vector.messages.slice(0, 3).forEach(({ payload, ciphertext }, index) => {
        const message = write(writerOf(pair, index), bytesOf(payload));
        expect(hexOf(message)).toBe(ciphertext);
        const range = readerOf(pair, index).readMessage(message, 0, message.length)!;
        expect(hexOf(message.subarray(range.from, range.to))).toBe(payload);
      });
      for (const end of [pair.initiator, pair.responder]) {
        if (vector.handshakeHash !== null) {
          expect(hexOf(end.handshakeHash)).toBe(vector.handshakeHash);
        }
      }
      const known = [pair.initiator.remoteStatic!, pair.responder.remoteStatic!].map(hexOf);
      const secrets = [vector.responderStatic, vector.initiatorStatic].map(bytesOf);
      expect(known).toEqual(secrets.map((secret) => hexOf(primitives.publicKey(secret))));
      checkTransport(vector, pair, primitives);
    },
  );

  it('are three for each hash', () => {
    const names = vectors.map(({ name }) => name.split('_').at(-1));
    expect(names.filter((name) => name === 'SHA256')).toHaveLength(3);
    expect(names.filter((name) => name === 'BLAKE2b')).toHaveLength(3);
  });
});
