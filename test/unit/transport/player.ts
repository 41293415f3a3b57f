/** The other side of a connection, played by the test: every segment is made by hand. */
import type { Connection } from '../../../src/transport/connection.ts';
import { FLAG, WIRE_VERSION } from '../../../src/wire/codes.ts';
import { SYN_BYTES } from '../../../src/wire/layout.ts';
import {
  defaultParameters,
  endParameters,
  type Parameters,
  writeFirstSegment,
  writeParameters,
} from '../../../src/wire/parameters.ts';
import { type AckWords, ackPayload, craft, type Craft, type Seen } from './segments.ts';
import { type App, FIRST_SEQ, peerAddress, Station, type StationOptions } from './station.ts';

/** What the player grants when nothing else is said. */
const GRANTS: Parameters = {
  ...defaultParameters(),
  segmentBytes: 1500,
  windowSegments: 4096,
  creditBytes: 8_388_608,
};

export class Player {
  readonly station: Station;
  readonly address = peerAddress(99);
  readonly port = 4000;
  /** The endpoint's port, once it is known. */
  remotePort = 0;
  /** Number of our next stream segment, and of the next one we expect. */
  seq = 100;
  ack = FIRST_SEQ;
  /** Number of our next transmission. */
  txn = 640;
  window = 4096;
  credit = 8_388_608;
  private grants = GRANTS;
  private taken = 0;
  /** Segments that came and are not below `ack` yet. */
  private readonly have = new Set<number>();

  constructor(station: Station) {
    this.station = station;
  }

  /** Its own settings, as they are in every segment it makes. */
  grant(options: StationOptions, grants: Partial<Parameters>): void {
    this.ack = options.endpoint?.initialSeq ?? FIRST_SEQ;
    this.window = grants.windowSegments ?? this.window;
    this.credit = grants.creditBytes ?? this.credit;
    this.grants = { ...this.grants, ...grants };
  }

  /** A segment with the player's numbers, each of which `patch` may replace. */
  make(patch: Craft): Uint8Array {
    const fields = {
      sourcePort: this.port,
      destinationPort: this.remotePort,
      seq: this.seq,
      ack: this.ack,
      window: this.window,
      ...patch,
    };
    if (patch.txn !== undefined) return craft(fields);
    this.txn += 1;
    return craft({ ...fields, txn: this.txn - 1 });
  }

  parameters(patch: Partial<Parameters> = {}, first?: { flags: number; payload: Uint8Array }) {
    const bytes = new Uint8Array(2048);
    let at = writeParameters(bytes, 0, { ...this.grants, ...patch });
    if (first !== undefined) at = writeFirstSegment(bytes, at, first.flags, first.payload);
    return bytes.slice(0, endParameters(bytes, at));
  }

  syn(parameters: Partial<Parameters> = {}, patch: Partial<Craft> = {}): Uint8Array {
    const payload = new Uint8Array(SYN_BYTES - 36);
    payload.set(this.parameters(parameters));
    const flags = FLAG.CNT | FLAG.SYN;
    const versions = [WIRE_VERSION];
    return this.make({ flags, versions, payload, destinationPort: 0, ack: 0, ...patch });
  }

  synAck(parameters: Partial<Parameters> = {}, patch: Partial<Craft> = {}): Uint8Array {
    const payload = this.parameters(parameters);
    const flags = FLAG.CNT | FLAG.SYN | FLAG.ACK;
    return this.make({ flags, versions: [WIRE_VERSION], payload, ...patch });
  }

  third(first?: { flags: number; payload: Uint8Array }, patch: Partial<Craft> = {}): Uint8Array {
    return this.make({ flags: FLAG.CNT | FLAG.ACK, payload: this.parameters({}, first), ...patch });
  }

  /** A whole `dat` segment; without `seq` in the patch it takes the next number. */
  dat(payload: Uint8Array, patch: Partial<Craft> = {}): Uint8Array {
    return this.stream(FLAG.DAT | FLAG.ACK, payload, patch);
  }

  /** A whole `op` record in one segment. */
  op(payload: Uint8Array, patch: Partial<Craft> = {}): Uint8Array {
    return this.stream(FLAG.OP | FLAG.END | FLAG.ACK, payload, patch);
  }

  private stream(flags: number, payload: Uint8Array, patch: Partial<Craft>): Uint8Array {
    const bytes = this.make({ flags, payload, ...patch });
    if (patch.seq === undefined) this.seq += 1;
    return bytes;
  }

  acknowledge(words: AckWords = {}, patch: Partial<Craft> = {}): Uint8Array {
    const payload = ackPayload({ credit: this.credit, ...words });
    return this.make({ flags: FLAG.ACK, payload, ...patch });
  }

  /** Acknowledges, in order, everything the endpoint has sent by now. */
  acknowledgeAll(delayMs = 0): Uint8Array {
    const news = this.station.sent.slice(this.taken);
    this.taken = this.station.sent.length;
    for (const { kind, seq } of news) {
      if (kind === 'op' || kind === 'dat') this.ack = Math.max(this.ack, seq + 1);
    }
    const eliciting = news.filter(({ kind }) => ['op', 'dat', 'third', 'probe'].includes(kind));
    const told = eliciting.map(({ txn }) => txn).slice(-1900);
    return this.acknowledge({ told, delayMs });
  }

  probe(patch: Partial<Craft> = {}): Uint8Array {
    return this.make({ flags: FLAG.CNT | FLAG.ACK, ...patch });
  }

  close(stage: number, patch: Partial<Craft> = {}): Uint8Array {
    const fin = stage <= 2 ? FLAG.FIN : 0;
    const ack = stage % 2 === 0 ? FLAG.ACK : 0;
    return this.make({ flags: FLAG.CNT | fin | ack, closeStage: stage, ...patch });
  }

  /** Says, `afterMs` from now, that these segments of the endpoint have come. */
  tell(afterMs: number, segments: readonly Seen[]): Seen[] {
    this.station.advance(afterMs);
    for (const { seq } of segments) this.have.add(seq);
    while (this.have.delete(this.ack)) this.ack += 1;
    const held = [...this.have].filter((seq) => seq > this.ack);
    return this.feed(this.acknowledge({ told: segments.map(({ txn }) => txn), held }));
  }

  /** Lets time pass and acknowledges, at once, whatever comes; returns what came. */
  answer(ms: number): Seen[] {
    const { station } = this;
    const until = station.nowMs + ms;
    const batch: Seen[] = [];
    for (;;) {
      const next = Math.max(station.nowMs, Math.min(until, station.endpoint.nextTimeout()));
      const news = station.advance(next - station.nowMs);
      if (news.length === 0 && next >= until) return batch;
      batch.push(...news);
      if (news.length > 0) batch.push(...this.feed(this.acknowledgeAll()));
    }
  }

  /** Hands segments to the endpoint as one batch of single datagrams. */
  feed(...datagrams: Uint8Array[]): Seen[] {
    return this.station.feed(this.address, ...datagrams);
  }
}

export interface Scene {
  readonly station: Station;
  readonly player: Player;
  readonly connection: Connection;
  readonly app: App;
}

/** The endpoint has accepted the player, who is the initiator; a round trip took `rttMs`. */
export function accepted(
  options: StationOptions = {},
  grants: Partial<Parameters> = {},
  rttMs = 0,
): Scene {
  const station = new Station(options);
  const player = new Player(station);
  player.grant(options, grants);
  const [synAck] = player.feed(player.syn());
  player.remotePort = synAck!.sourcePort;
  station.nowMs += rttMs;
  player.feed(player.third());
  const connection = station.newest;
  return { station, player, connection, app: station.appOf(connection) };
}

/** The endpoint has opened a connection to the player; the SYN's round trip took `rttMs`. */
export function opened(
  options: StationOptions = {},
  grants: Partial<Parameters> = {},
  rttMs = 0,
): Scene {
  const station = new Station(options);
  const player = new Player(station);
  player.grant(options, grants);
  const connection = station.endpoint.connect(station.nowMs, player.address);
  const [syn] = station.drain();
  player.remotePort = syn!.sourcePort;
  station.nowMs += rttMs;
  player.feed(player.synAck());
  // Any segment proves that the third message arrived.
  player.feed(player.acknowledge());
  return { station, player, connection, app: station.appOf(connection) };
}

/** `count` segments of `bytes` each are queued and what may leave has left. */
export function sendSegments(scene: Scene, count: number, bytes = 1368): Seen[] {
  scene.station.sendBytes(scene.connection, new Uint8Array(count * bytes).fill(7));
  return scene.station.drain();
}
