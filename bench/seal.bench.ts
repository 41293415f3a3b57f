/**
 * The price of privacy: sealing and opening segments of 1,400 bytes, and what a stranger can make a
 * server reckon. Both libraries, so that the fallback's price shows too.
 */
import { Bench, type FnReturnedObject } from 'tinybench';
import { Cookies } from '../src/crypto/cookie.ts';
import { fingerprint, parseFingerprint } from '../src/crypto/fingerprint.ts';
import { NoiseXX } from '../src/crypto/noise-xx.ts';
import type { Primitives } from '../src/crypto/primitives.ts';
import { resetToken } from '../src/crypto/reset-token.ts';
import { SegmentKeys } from '../src/crypto/segment-keys.ts';
import { SegmentSealer } from '../src/crypto/segment-sealer.ts';
import { LIBRARIES, loadPrimitives } from '../src/io/primitives.ts';
import { STREAM_HEADER_BYTES } from '../src/wire/layout.ts';

const SEGMENT_BYTES = 1400;
const CLEAR_END = SEGMENT_BYTES - 16;
/** Garbage is a price too. Few enough rounds that no collection comes between. */
const GARBAGE_ROUNDS = 1000;
const WARM_UP_ROUNDS = 20_000;

export const bench = new Bench({ time: 500, warmupTime: 100 });

/** False once a segment did not open: it was quick for nothing. */
let isRight = true;

function add(name: string, batch: number, operation: () => void): void {
  bench.add(name, (): FnReturnedObject => {
    const startMs = bench.now();
    for (let round = 0; round < batch; round += 1) operation();
    const elapsedMs = bench.now() - startMs;
    return { overriddenDuration: elapsedMs / batch, overriddenIterationCost: elapsedMs };
  });
}

function secret(seed: number): Uint8Array {
  return new Uint8Array(32).fill(seed);
}

/** Operations on one connection's segments, each with the next number. */
function sealing(primitives: Primitives): { sealOnly: () => void; both: () => void } {
  const rootKey = secret(1);
  const keys = (): SegmentKeys => new SegmentKeys({ primitives, rootKey, firstTxn: 1 });
  const sealer = new SegmentSealer(keys(), keys());
  const buffer = new Uint8Array(2048);
  let txn = 0;
  const sealOnly = (): void => {
    txn += 1;
    sealer.seal(buffer, 0, STREAM_HEADER_BYTES, CLEAR_END, txn);
  };
  const both = (): void => {
    sealOnly();
    isRight &&= sealer.open(buffer, 0, STREAM_HEADER_BYTES, SEGMENT_BYTES, txn);
  };
  return { sealOnly, both };
}

/** The three messages of a handshake, both sides: six turns and the keys. */
function handshake(primitives: Primitives): void {
  const end = (initiator: boolean): NoiseXX =>
    new NoiseXX({
      primitives,
      initiator,
      staticSecret: secret(initiator ? 2 : 3),
      ephemeralSecret: secret(initiator ? 4 : 5),
      prologue: secret(6),
    });
  const [client, server] = [end(true), end(false)];
  const payload = secret(7);
  const out = new Uint8Array(512);
  for (const [writer, reader] of [
    [client, server],
    [server, client],
    [client, server],
  ] as const) {
    const length = writer.writeMessage(payload, out, 0);
    isRight &&= reader.readMessage(out, 0, length) !== undefined;
  }
  isRight &&= client.split().send[0] === server.split().receive[0];
}

/** What a server does for strangers: a cookie out and in, a reset token, a fingerprint to log. */
function addStrangers(primitives: Primitives): void {
  const { name } = primitives;
  const address = Uint8Array.of(192, 0, 2, 7);
  const target = { address, udpPort: 4711, clientPort: 99, serverPort: 7 };
  const cookies = new Cookies(primitives, 0, secret(8));
  add(`${name}: cookie made and checked`, 10, () => {
    const cookie = cookies.make(1000, address, 4711, 99);
    isRight &&= cookies.check(2000, address, 4711, 99, cookie);
  });
  const told = resetToken(primitives, secret(9), target);
  add(`${name}: reset token`, 10, () => {
    isRight &&= Buffer.compare(told, resetToken(primitives, secret(9), target)) === 0;
  });
  add(`${name}: fingerprint written and read`, 10, () => {
    isRight &&= parseFingerprint(fingerprint(primitives, secret(10))) !== undefined;
  });
}

/** Bytes of heap that one call leaves behind; needs a collector that can be called. */
function garbageBytes(operation: () => void): number | undefined {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) return undefined;
  for (let i = 0; i < WARM_UP_ROUNDS; i += 1) operation();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < GARBAGE_ROUNDS; i += 1) operation();
  return (process.memoryUsage().heapUsed - before) / GARBAGE_ROUNDS;
}

const garbage: string[] = [];

for (const library of LIBRARIES) {
  const primitives = loadPrimitives(library);
  const { sealOnly, both } = sealing(primitives);
  add(`${library}: seal 1,400 bytes`, 100, sealOnly);
  add(`${library}: seal and open 1,400 bytes`, 100, both);
  add(`${library}: whole handshake, both sides`, 1, () => handshake(primitives));
  addStrangers(primitives);
  const measured = [sealOnly, both].map((operation) => garbageBytes(operation)?.toFixed(0) ?? '?');
  garbage.push(`${library}: garbage of seal ${measured[0]}, seal and open ${measured[1]} bytes`);
}

export function verdict(): boolean {
  for (const line of garbage) console.log(line);
  return isRight;
}
