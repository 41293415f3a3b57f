/** Who sends datagrams without being a client: many loopback sources, forged segments, floods. */
import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { plainProtection } from '../../src/transport/protection.ts';
import { PASS_THROUGH } from '../../src/transport/seal.ts';
import { SegmentWriter } from '../../src/transport/segment-writer.ts';
import type { Random } from '../../src/util/random.ts';
import { FLAG, WIRE_VERSION } from '../../src/wire/codes.ts';
import { AT, CHALLENGE_BYTES, RESET_SEGMENT_BYTES, SYN_BYTES } from '../../src/wire/layout.ts';
import { defaultParameters, endParameters, writeParameters } from '../../src/wire/parameters.ts';
import {
  finishSegment,
  patchLength,
  writeChallenge,
  writeClose,
  writeCommonOptions,
  writeHeader,
  writeReset,
} from '../../src/wire/segment-write.ts';

const RECEIVE_BUFFER_BYTES = 4 * 1_048_576;
const KEY_BYTES = 32;

export interface Target {
  readonly address: string;
  readonly port: number;
}

/** The `index`-th of some 16 million addresses of this host, none of them 127.0.0.x. */
export function sourceAddress(index: number): string {
  const number = index + 256;
  return `127.${(number >> 16) & 0xff}.${(number >> 8) & 0xff}.${number & 0xff || 1}`;
}

function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.uint32());
}

/** A SYN like any other: a key of its own, fresh numbers, room for a cookie. */
export function forgeSyn(random: Random): Uint8Array {
  const bytes = new Uint8Array(SYN_BYTES + 64);
  const writer = new SegmentWriter(PASS_THROUGH);
  writer.sourcePort = random.integer(1, 0xffff);
  const plain = plainProtection(PASS_THROUGH, WIRE_VERSION).begin(true);
  const handshake = { ...plain, before: () => KEY_BYTES };
  const [seq, txn] = [random.uint32(), random.uint32()];
  const write = (at: Uint8Array, from: number): number =>
    endParameters(at, writeParameters(at, from, defaultParameters()));
  const versions = [WIRE_VERSION];
  const length = writer.handshake(bytes, 1, handshake, seq, txn, versions, SYN_BYTES, write);
  const syn = bytes.slice(0, length);
  syn.set(randomBytes(random, KEY_BYTES), syn[AT.HEADER_LENGTH]);
  finishSegment(syn, 0, length);
  return syn;
}

/** What an observer knows of one direction of a connection. */
export interface Direction {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Of the newest segment. */
  readonly seq: number;
  readonly ack: number;
  readonly txn: number;
}

const FORGED_FLAGS = [
  FLAG.DAT | FLAG.ACK,
  FLAG.DAT | FLAG.ACK | FLAG.END,
  FLAG.OP | FLAG.ACK | FLAG.END,
  FLAG.ACK,
  FLAG.CNT | FLAG.ACK,
];

/** A segment with the right ports, numbers that could be right and a sum that is: no key. */
export function forgeSegment(random: Random, direction: Direction): Uint8Array {
  if (random.chance(0.05)) return forgeReset(random, direction);
  const bytes = new Uint8Array(1_600);
  const near = (value: number): number => (value + random.integer(-20, 200)) >>> 0;
  writeCommonOptions(bytes, 0, near(direction.txn), 0);
  const kind = random.integer(0, FORGED_FLAGS.length + 1);
  let headerLength = 32;
  let flags = FORGED_FLAGS[kind] ?? FLAG.CNT | FLAG.ACK;
  if (kind === FORGED_FLAGS.length) {
    headerLength = writeClose(bytes, 0, random.integer(1, 4));
    flags = FLAG.CNT | FLAG.FIN;
  } else if (kind > FORGED_FLAGS.length) {
    const value = randomBytes(random, CHALLENGE_BYTES);
    headerLength = writeChallenge(bytes, 0, value, random.chance(0.5));
  }
  const { sourcePort, destinationPort } = direction;
  const [seq, ack] = [near(direction.seq), near(direction.ack)];
  const fields = { sourcePort, destinationPort, seq, ack, flags, error: 0, window: 4_096 };
  writeHeader(bytes, 0, fields, headerLength);
  const payloadBytes = random.integer(16, 120);
  bytes.set(randomBytes(random, payloadBytes), headerLength);
  patchLength(bytes, 0, payloadBytes);
  finishSegment(bytes, 0, headerLength);
  return bytes.slice(0, headerLength + payloadBytes);
}

function forgeReset(random: Random, { sourcePort, destinationPort }: Direction): Uint8Array {
  const bytes = new Uint8Array(RESET_SEGMENT_BYTES);
  const numbers = { seq: 0, ack: 0, flags: FLAG.CNT, error: 0, window: 0 };
  writeHeader(bytes, 0, { sourcePort, destinationPort, ...numbers }, RESET_SEGMENT_BYTES);
  writeReset(bytes, 0, randomBytes(random, 16));
  finishSegment(bytes, 0, bytes.length);
  return bytes;
}

/** Many sources that send to one target, and books on who sent and got what. */
export class Attacker {
  private readonly sockets: Socket[] = [];
  private readonly target: Target;
  private readonly sent: number[] = [];
  private readonly got: number[] = [];
  /** A source has got more bytes than it had sent by then. */
  isAmplified = false;
  datagramsGot = 0;

  private constructor(target: Target) {
    this.target = target;
  }

  static async open(target: Target, sources: number): Promise<Attacker> {
    const attacker = new Attacker(target);
    for (let i = 0; i < sources; i += 1) await attacker.add(sourceAddress(i));
    return attacker;
  }

  private async add(address: string): Promise<void> {
    const index = this.sockets.length;
    const socket = createSocket({ type: 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
    this.sockets.push(socket);
    this.sent.push(0);
    this.got.push(0);
    // A flood may fill the kernel's queue: what is not sent is no flood.
    socket.on('error', () => undefined);
    socket.on('message', (bytes) => {
      this.datagramsGot += 1;
      this.got[index]! += bytes.length;
      if (this.got[index]! > this.sent[index]!) this.isAmplified = true;
    });
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  }

  get bytesSent(): number {
    return this.sent.reduce((sum, bytes) => sum + bytes, 0);
  }

  get bytesGot(): number {
    return this.got.reduce((sum, bytes) => sum + bytes, 0);
  }

  send(index: number, bytes: Uint8Array): void {
    const source = index % this.sockets.length;
    this.sent[source]! += bytes.length;
    this.sockets[source]!.send(bytes, this.target.port, this.target.address);
  }

  /** Sends `count` datagrams at `rate` a second, each from the next source in turn. */
  async flood(count: number, rate: number, make: () => Uint8Array): Promise<void> {
    const startMs = performance.now();
    let sent = 0;
    while (sent < count) {
      const due = Math.min(count, Math.ceil(((performance.now() - startMs) * rate) / 1_000));
      for (; sent < due; sent += 1) this.send(sent, make());
      // A rate is a matter of the clock; the next millisecond brings the next few.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Where source `index` sends from. */
  addressOf(index: number): AddressInfo {
    return this.sockets[index]!.address();
  }

  async close(): Promise<void> {
    const closings = this.sockets.map(
      (socket) => new Promise<void>((resolve) => socket.close(() => resolve())),
    );
    await Promise.all(closings);
  }
}
