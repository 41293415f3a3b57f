/** Two ends of one handshake, and its three messages one after the other. */
import { NoiseXX, type NoiseXXOptions } from '../../../src/crypto/noise-xx.ts';
import type { Primitives } from '../../../src/crypto/primitives.ts';
import { sodiumPrimitives } from '../../../src/io/primitives-sodium.ts';
import { type Random, SeededRandom } from '../../../src/util/random.ts';
import { randomBytes } from './bytes.ts';

export interface Pair {
  readonly initiator: NoiseXX;
  readonly responder: NoiseXX;
}

const SHARED = sodiumPrimitives('SHA256');

/** Ends with secrets drawn from `random`. */
export function pairFrom(
  random: Random = new SeededRandom(1),
  primitives: Primitives = SHARED,
  change: Partial<NoiseXXOptions> = {},
): Pair {
  const prologue = randomBytes(random, 40);
  const end = (initiator: boolean): NoiseXX =>
    new NoiseXX({
      primitives,
      initiator,
      staticSecret: randomBytes(random, 32),
      ephemeralSecret: randomBytes(random, 32),
      prologue,
      ...change,
    });
  return { initiator: end(true), responder: end(false) };
}

/** Who writes message 1, 2, 3. */
export function writerOf(pair: Pair, index: number): NoiseXX {
  return index % 2 === 0 ? pair.initiator : pair.responder;
}

export function readerOf(pair: Pair, index: number): NoiseXX {
  return index % 2 === 0 ? pair.responder : pair.initiator;
}

export function write(end: NoiseXX, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(payload.length + 200);
  return out.slice(0, end.writeMessage(payload, out, 0));
}

/** The payload, or undefined for a message that does not verify. The message stays as it is. */
export function read(end: NoiseXX, message: Uint8Array): Uint8Array | undefined {
  const copy = message.slice();
  const range = end.readMessage(copy, 0, copy.length);
  return range === undefined ? undefined : copy.slice(range.from, range.to);
}

/** Runs the first `count` messages, their payloads their own numbers; throws if one is refused. */
export function run(pair: Pair, count = 3): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const message = write(writerOf(pair, index), Uint8Array.of(index + 1));
    const payload = read(readerOf(pair, index), message);
    if (payload?.[0] !== index + 1) throw new Error(`message ${index + 1} was refused`);
    return message;
  });
}
