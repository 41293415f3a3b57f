/** What an endpoint does with a SYN: answer it again, accept it, or advise its sender to wait. */
import { type DropReason, ERROR, FLAG } from '../wire/codes.ts';
import { MIN_SEGMENT_BYTES, SYN_BYTES } from '../wire/layout.ts';
import { defaultParameters, type Parameters, readParameters } from '../wire/parameters.ts';
import type { SegmentView } from '../wire/segment.ts';
import type { EndpointConfig } from './config.ts';
import { Connection } from './connection.ts';
import type { PortTable } from './port-table.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { PeerAddress } from './types.ts';

/** What the endpoint does on the acceptor's behalf. */
export interface AcceptorActions {
  create(nowMs: number, peer: PeerAddress, patienceMs: number): Connection;
  touch(connection: Connection): void;
  answer(peer: PeerAddress, bytes: Uint8Array): void;
}

export class Acceptor {
  private readonly config: EndpointConfig;
  private readonly table: PortTable;
  private readonly actions: AcceptorActions;

  constructor(config: EndpointConfig, table: PortTable, actions: AcceptorActions) {
    this.config = config;
    this.table = table;
    this.actions = actions;
  }

  /** @param datagramBytes length of the whole datagram that brought the SYN */
  handle(
    nowMs: number,
    peer: PeerAddress,
    segment: SegmentView,
    datagramBytes: number,
  ): DropReason | undefined {
    if (!this.config.accepts) return 'unknownConnection';
    if (segment.flags !== (FLAG.CNT | FLAG.SYN) || !segment.hasTxn) return 'flagCombination';
    if (datagramBytes < SYN_BYTES) return 'synSize'; // P-OPEN-02
    if (!segment.speaksVersion) return 'version';
    const key = `${peer.key}/${segment.sourcePort}/${segment.seq}`;
    const known = this.table.findSyn(key);
    if (known instanceof Connection) {
      known.repeatSyn(nowMs);
      this.actions.touch(known);
    }
    if (known !== undefined) return undefined; // P-OPEN-06: never a second connection
    const parameters = this.read(segment);
    if (typeof parameters === 'string') return parameters;
    if (this.table.connectionCount >= this.config.maxConnections) {
      this.refuse(peer, segment);
      return 'full';
    }
    const asked = parameters.patienceMs === 0 ? Infinity : parameters.patienceMs;
    const patienceMs = Math.min(asked, this.config.maxPatienceMs);
    const connection = this.actions.create(nowMs, peer, patienceMs);
    this.table.noteSyn(key, connection);
    connection.acceptSyn(segment, parameters);
    this.actions.touch(connection);
    return undefined;
  }

  private read(segment: SegmentView): Parameters | DropReason {
    const { buffer, headerStart, payloadStart, payloadEnd, txn } = segment;
    const { sealer } = this.config;
    if (payloadEnd - payloadStart < sealer.overheadBytes) return 'seal';
    if (!sealer.open(buffer, headerStart, payloadStart, payloadEnd, txn)) return 'seal';
    const parameters = defaultParameters();
    const end = payloadEnd - sealer.overheadBytes;
    if (!readParameters(buffer, payloadStart, end, parameters)) return 'synParameters';
    return parameters.segmentBytes < MIN_SEGMENT_BYTES ? 'synParameters' : parameters;
  }

  /** P-OPEN-07: advice for a SYN that found no room; smaller than what asked, and never binding. */
  private refuse(peer: PeerAddress, segment: SegmentView): void {
    const writer = new SegmentWriter(this.config.sealer);
    writer.destinationPort = segment.sourcePort;
    writer.ack = segment.seq;
    const buffer = new Uint8Array(128);
    const flags = FLAG.CNT | FLAG.SYN | FLAG.ACK;
    const length = writer.handshake(buffer, 0, flags, 0, ERROR.BUSY, [], 0, (_, at) => at);
    this.actions.answer(peer, buffer.slice(0, length));
  }
}
