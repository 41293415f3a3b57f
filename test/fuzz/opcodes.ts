/** What one opcode of an endpoint fuzz input does to the world. */
import type { Connection } from '../../src/transport/connection.ts';
import { putUint32, uint32 } from '../../src/wire/bytes.ts';
import { AT, HEADER_BYTES, SYN_BYTES } from '../../src/wire/layout.ts';
import { isClear } from '../../src/wire/segment.ts';
import { finishSegment } from '../../src/wire/segment-write.ts';
import type { ByteReader } from './byte-reader.ts';
import type { Side } from './endpoint-side.ts';
import { SERVER, SOURCES, type World } from './endpoint-world.ts';

const TIMES_MS = [0, 1, 5, 25, 100, 300, 1_000, 5_000, 15_000, 61_000];
const MOST_OPENED = 6;

/** The opcodes that scripts are written with; see the list of operations. */
export const OPCODES = {
  DELIVER_ALL: 0,
  TO_SERVER: 1,
  TO_CLIENT: 2,
  ADVANCE: 13,
  ACT_SERVER: 15,
  ACT_CLIENT: 16,
  CONNECT: 17,
  LIE: 18,
  MOVE: 19,
  TRAIN_TO_SERVER: 20,
  /** Added to an opcode: the endpoints do not act before the next one. */
  BATCH: 0x80,
} as const;

type Operation = (world: World, reader: ByteReader) => void;

/** `bytes` with up to seven changed; with `isMended` the first segment's checksum fits again. */
function edited(reader: ByteReader, bytes: Uint8Array, isMended: boolean): Uint8Array {
  const copy = bytes.slice();
  const edits = 1 + (reader.byte() % 7);
  for (let i = 0; i < edits && copy.length > 0; i += 1) {
    copy[reader.uint16() % copy.length]! ^= reader.byte();
  }
  if (isMended) mend(copy);
  return copy;
}

function mend(bytes: Uint8Array): void {
  const headerLength = bytes[AT.HEADER_LENGTH] ?? 0;
  if (bytes.length < HEADER_BYTES || headerLength > bytes.length) return;
  const isWhole = isClear(bytes[AT.FLAGS]!);
  finishSegment(bytes, 0, isWhole ? bytes.length : headerLength);
}

/** One of the datagrams that were on the wire lately, 0 being the newest. */
function remembered({ seen }: World, reader: ByteReader): Uint8Array {
  return seen.at(-1 - (reader.byte() % Math.max(1, seen.length))) ?? new Uint8Array(0);
}

/** A remembered segment with other numbers or flags, sums made to fit. */
function forged(world: World, reader: ByteReader): Uint8Array {
  const bytes = remembered(world, reader).slice();
  if (bytes.length < HEADER_BYTES + 12) return bytes;
  const move = (at: number): void => {
    putUint32(bytes, at, uint32(bytes, at) + (reader.byte() - 128));
  };
  const what = reader.byte();
  if ((what & 1) !== 0) move(AT.SEQ);
  if ((what & 2) !== 0) move(AT.ACK);
  if ((what & 4) !== 0) move(HEADER_BYTES + 2);
  if ((what & 8) !== 0) bytes[AT.FLAGS] = reader.byte();
  if ((what & 16) !== 0) bytes[AT.ERROR] = reader.byte();
  if ((what & 32) !== 0) bytes.fill(reader.byte(), AT.WINDOW, AT.WINDOW + 3);
  if ((what & 64) !== 0) bytes.fill(reader.byte(), bytes[AT.HEADER_LENGTH]);
  // In the clear the sum covers all; sealed, it covers the header, and a SYN's payload.
  if ((what & 128) !== 0) finishSegment(bytes, 0, bytes.length);
  else mend(bytes);
  return bytes;
}

function syn(reader: ByteReader, world: World): Uint8Array {
  const template = world.seen.find((bytes) => isClear(bytes[AT.FLAGS] ?? 0));
  const bytes = template?.slice() ?? new Uint8Array(SYN_BYTES);
  const [port, seq] = [reader.byte(), reader.byte()];
  bytes[AT.SOURCE_PORT + 1]! ^= port;
  bytes[AT.SEQ + 3]! ^= seq;
  const edits = reader.byte() % 4;
  for (let i = 0; i < edits; i += 1) bytes[reader.uint16() % bytes.length]! ^= reader.byte();
  mend(bytes);
  return bytes;
}

function source(reader: ByteReader) {
  return SOURCES[reader.byte() % SOURCES.length]!;
}

function one(side: Side, reader: ByteReader): Connection | undefined {
  const all = [...side.endpoint.connections()];
  return all[reader.byte() % Math.max(1, all.length)];
}

function act(side: Side, reader: ByteReader): void {
  const connection = one(side, reader);
  const what = reader.byte();
  if (connection === undefined) return;
  side.allowedSteps += 8;
  const acts: (() => void)[] = [
    () => side.sendMessage(connection),
    () => side.sendData(connection, 1 + (reader.uint16() % 16_000)),
    () => connection.endData(reader.byte() % 2),
    () => (side.isReading = !side.isReading),
    () => side.read(connection),
    () => connection.finish(),
    () => connection.abort(1 + (reader.byte() % 70)),
    () => side.sendData(connection, 1 + (reader.byte() % 100)),
  ];
  acts[what % acts.length]!();
}

function deliverToServer(world: World): void {
  const next = world.toServer.shift();
  if (next !== undefined) world.sendToServer(next.from, next.bytes);
}

function deliverToClient(world: World): void {
  const next = world.toClient.shift();
  if (next !== undefined) world.sendToClient(next);
}

function deliverAll(world: World): void {
  // Both endpoints speak in between; a conversation that does not end is cut off.
  for (let round = 0; round < 4; round += 1) {
    const { toServer, toClient } = world;
    if (toServer.length + toClient.length === 0) return;
    for (const { from, bytes } of toServer.splice(0)) world.sendToServer(from, bytes);
    for (const bytes of toClient.splice(0)) world.sendToClient(bytes);
    world.rest();
  }
}

const OPERATIONS: readonly Operation[] = [
  deliverAll,
  deliverToServer,
  deliverToClient,
  (world) => void world.toServer.shift(),
  (world) => void world.toClient.shift(),
  (world, reader) => {
    const next = world.toServer.shift();
    if (next !== undefined) world.sendToServer(next.from, edited(reader, next.bytes, false));
  },
  (world, reader) => {
    const next = world.toClient.shift();
    if (next !== undefined) world.sendToClient(edited(reader, next, false));
  },
  (world, reader) => world.sendToServer(source(reader), remembered(world, reader)),
  (world, reader) => world.sendToClient(remembered(world, reader)),
  (world, reader) => world.sendToServer(source(reader), reader.take(reader.byte())),
  (world, reader) => world.sendToClient(reader.take(reader.byte())),
  (world, reader) => world.sendToServer(source(reader), forged(world, reader)),
  (world, reader) => world.sendToClient(forged(world, reader)),
  (world, reader) => world.advance(reader.pick(TIMES_MS)),
  (world) => {
    world.server.handleTimeout(world.nowMs);
    world.client.handleTimeout(world.nowMs);
  },
  ({ server }, reader) => act(server, reader),
  ({ client }, reader) => act(client, reader),
  (world) => {
    const { client } = world;
    if (client.apps.size >= MOST_OPENED) return;
    client.allowedSteps += 4;
    client.appOf(client.endpoint.connect(world.nowMs, SERVER));
  },
  ({ lies }, reader) =>
    lies.push({ kind: reader.byte(), at: reader.uint16(), value: reader.byte() }),
  (world, reader) => {
    world.home = SOURCES[reader.byte() % 2]!;
  },
  (world, reader) => {
    const train = Uint8Array.of(...remembered(world, reader), ...remembered(world, reader));
    world.sendToServer(world.home, train);
  },
  (world, reader) => {
    const train = Uint8Array.of(...remembered(world, reader), ...remembered(world, reader));
    world.sendToClient(train);
  },
  (world, reader) => world.sendToServer(source(reader), syn(reader, world)),
  (world) => {
    const [first] = world.toServer.splice(0, 1);
    if (first !== undefined) world.toServer.push(first);
  },
  (world, reader) =>
    world.sendToServer(source(reader), edited(reader, remembered(world, reader), true)),
  (world, reader) => world.sendToClient(edited(reader, remembered(world, reader), true)),
];

const MOST_OPERATIONS = 300;

/** Runs the whole input; a high bit in an opcode keeps the endpoints from acting at once. */
export function play(world: World, reader: ByteReader): void {
  for (let i = 0; i < MOST_OPERATIONS && !reader.isDone; i += 1) {
    const opcode = reader.byte();
    OPERATIONS[(opcode & ~OPCODES.BATCH) % OPERATIONS.length]!(world, reader);
    if ((opcode & OPCODES.BATCH) === 0) world.rest();
    if (i % 16 === 0) {
      world.server.audit();
      world.client.audit();
    }
  }
  world.rest();
  world.end();
}
