import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/util/random.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { accepted, opened, Player, type Scene } from '../../unit/transport/player.ts';
import { ackPayload, pattern } from '../../unit/transport/segments.ts';
import { peerAddress, Station } from '../../unit/transport/station.ts';

const RUNS = 250;
const DATAGRAMS = 400;

/** A scene at some stage of its life, with things to send. */
function sceneAt(stage: number): Scene {
  const small = { receiveWindowSegments: 40, receiveWindowBytes: 60_000, idleMs: 60_000 };
  const options = { connection: small, endpoint: { earlyPoolBytes: 40_000 } };
  if (stage === 0) {
    const station = new Station(options);
    const player = new Player(station);
    const connection = station.endpoint.connect(0, player.address);
    player.remotePort = station.drain()[0]!.sourcePort;
    return { station, player, connection, app: station.appOf(connection) };
  }
  const scene = stage % 2 === 0 ? opened(options, {}, 30) : accepted(options, {}, 30);
  if (stage > 2) scene.station.sendBytes(scene.connection, pattern(30_000));
  if (stage > 4) scene.connection.finish();
  return scene;
}

/**
 * One datagram: garbage, a mutated good one, or a good one with wild numbers.
 * @param wildness how often numbers are such that they may end the connection
 */
function datagram({ player, station }: Scene, random: SeededRandom, wildness: number): Uint8Array {
  const isWild = random.chance(wildness);
  const near = (value: number): number =>
    random.chance(0.9) ? value + random.integer(-3, 5) : random.uint32();
  const wild = isWild
    ? { seq: near(player.seq), ack: near(player.ack), txn: near(player.txn) }
    : { seq: Math.max(player.seq, station.sent.at(-1)!.ack) + random.integer(-2, 20) };
  const payload = pattern(random.integer(0, 1400), random.integer(0, 255));
  const total = random.integer(1, 1468);
  const offset = random.integer(0, total);
  const kinds: (() => Uint8Array)[] = [
    () => pattern(random.integer(0, 80), random.integer(0, 255)),
    () => player.dat(payload, { ...wild, flags: FLAG.DAT | (random.chance(0.5) ? FLAG.ACK : 0) }),
    () => player.dat(payload, { seq: player.seq, flags: FLAG.DAT }),
    () => player.op(payload, { ...wild, flags: FLAG.OP | (random.chance(0.5) ? FLAG.END : 0) }),
    () => player.dat(payload.subarray(0, total - offset), { ...wild, part: [offset, total] }),
    () => player.make({ flags: FLAG.ACK, payload: payload.subarray(0, 60), ...wild }),
    () => {
      const sent = station.sent[random.integer(0, station.sent.length - 1)]!;
      const told = [sent.txn, sent.txn + (isWild ? random.integer(0, 9) : 0)];
      const held = isWild ? [player.ack + random.integer(0, 40)] : [];
      const words = { told, held, credit: random.uint32(), delayMs: random.integer(0, 90) };
      return player.make({ flags: FLAG.ACK, payload: ackPayload(words), ...wild });
    },
    () => player.probe(wild),
    () =>
      isWild
        ? player.close(random.integer(1, 4), { error: random.integer(0, 1) })
        : player.acknowledgeAll(),
    () => player.synAck({}, { ack: player.ack }),
    () => player.syn({}, { sourcePort: random.integer(0, 3) }),
    () => player.third({ flags: random.integer(0, 255), payload }),
  ];
  const bytes = kinds[random.integer(0, kinds.length - 1)]!();
  if (random.chance(0.15) && bytes.length > 0) {
    bytes[random.integer(0, bytes.length - 1)]! ^= 1 << random.integer(0, 7);
  }
  return bytes;
}

function act({ station, connection }: Scene, random: SeededRandom): void {
  const acts = [
    () => connection.sendMessage(pattern(random.integer(1, 3_000))),
    () => connection.endData(random.integer(0, 1)),
    () => connection.abandonData(5),
    () => station.sendBytes(connection, pattern(5_000)),
    () => (station.autoRead = !station.autoRead),
    () => station.readRuns(connection),
    () => random.chance(0.02) && connection.finish(),
    () => random.chance(0.01) && connection.abort(7),
  ];
  acts[random.integer(0, acts.length - 1)]!();
}

function torment(stage: number, seed: number, datagrams: number): Scene {
  const scene = sceneAt(stage);
  const { station, player } = scene;
  const random = new SeededRandom(seed);
  const wildness = [0, 0.003, 0.05, 0.6][seed % 4]!;
  const stranger = peerAddress(13);
  for (let i = 0; i < datagrams; i += 1) {
    const from = random.chance(0.02) ? stranger : player.address;
    station.endpoint.handleDatagram(station.nowMs, from, datagram(scene, random, wildness));
    if (random.chance(0.2)) act(scene, random);
    if (random.chance(0.5)) station.drain();
    if (random.chance(0.3)) station.advance(random.integer(0, 400));
    if (random.chance(0.1)) {
      station.endpoint.handleTimeout(station.nowMs);
      station.drain();
      expect(station.endpoint.nextTimeout()).toBeGreaterThan(station.nowMs);
    }
    if (i % 20 === 0) {
      for (const connection of station.endpoint.connections()) {
        expect(connection.audit()).toBeUndefined();
      }
    }
  }
  return scene;
}

describe('an endpoint under random datagrams and timers', () => {
  it('P-HDR-07 never throws, keeps its books, and never leaves a deadline behind', () => {
    const property = fc.property(fc.integer({ min: 0, max: 6 }), fc.nat(), (stage, seed) => {
      const { station } = torment(stage, seed, DATAGRAMS);
      // When all is silent everything ends, and nothing stays behind.
      for (const connection of station.endpoint.connections()) connection.abort(1);
      station.drain();
      station.advance(500_000);
      expect([station.endpoint.connectionCount, station.endpoint.quietCount]).toEqual([0, 0]);
      expect(station.endpoint.nextTimeout()).toBe(Infinity);
      expect([station.sendPool.usedBytes, station.endpoint.stats().earlyBytes]).toEqual([0, 0]);
    });
    fc.assert(property, { numRuns: RUNS });
  });
});
