/**
 * Rules that an onlooker at the sender's door can check, without knowing the sender's mind:
 * transmission numbers only grow, acknowledgements and right edges never go back, nothing is
 * sent beyond the right edge the peer has announced, no datagram is larger than agreed.
 */
import { FLAG, OPTION } from '../wire/codes.ts';
import { AT, HEADER_BYTES } from '../wire/layout.ts';
import { check } from './failure.ts';
import type { Host, Way } from './host.ts';
import type { WorldObserver } from './world.ts';

interface Talk {
  txn: number | undefined;
  ack: number | undefined;
  rightEdge: number | undefined;
  /** The same conversation the other way. */
  reverse: Talk | undefined;
}

export class WireWatch implements WorldObserver {
  private readonly talks = new Map<number, Talk>();
  onSent(_nowMs: number, way: Way, datagram: Uint8Array): void {
    const { length } = datagram;
    const { segmentBytes } = way.from;
    check(
      length <= segmentBytes,
      'wire',
      () => `datagram of ${length} bytes, ${segmentBytes} agreed`,
    );
    const flags = datagram[AT.FLAGS]!;
    const view = new DataView(datagram.buffer, datagram.byteOffset, length);
    const source = view.getUint16(AT.SOURCE_PORT);
    const destination = view.getUint16(AT.DESTINATION_PORT);
    const talk = this.talkOf(way.from, way.to, source, destination);
    const what = (): string => `host ${way.from.index}, ${source}>${destination}`;
    if ((flags & FLAG.CNT) !== 0) {
      // Handshake messages are repeated byte for byte, so what they say may be old; never too much.
      if ((flags & FLAG.ACK) !== 0 && talk.rightEdge === undefined) noteAck(talk, view);
      return;
    }
    if ((flags & FLAG.ACK) !== 0) checkAck(talk, view, what);
    checkTxn(talk, view, what);
    if ((flags & (FLAG.OP | FLAG.DAT)) === 0) return;
    talk.reverse ??= this.talkOf(way.to, way.from, destination, source);
    checkSeq(talk.reverse, view, what);
  }

  private talkOf(from: Host, to: Host, source: number, destination: number): Talk {
    const key = ((from.index * 1_024 + to.index) * 0x1_0000 + source) * 0x1_0000 + destination;
    let talk = this.talks.get(key);
    if (talk === undefined) {
      talk = { txn: undefined, ack: undefined, rightEdge: undefined, reverse: undefined };
      this.talks.set(key, talk);
    }
    return talk;
  }
}

function noteAck(talk: Talk, view: DataView): void {
  const window = (view.getUint8(AT.WINDOW) << 16) | view.getUint16(AT.WINDOW + 1);
  talk.ack = view.getUint32(AT.ACK);
  talk.rightEdge = (talk.ack + window) >>> 0;
}

function checkAck(talk: Talk, view: DataView, what: () => string): void {
  const { ack, rightEdge } = talk;
  noteAck(talk, view);
  if (ack === undefined || rightEdge === undefined) return;
  const moved = (talk.ack! - ack) | 0;
  check(moved >= 0, 'wire', () => `${what()}: ack went back by ${-moved}`);
  const edgeMoved = (talk.rightEdge! - rightEdge) | 0;
  check(edgeMoved >= 0, 'wire', () => `${what()}: right edge moved left by ${-edgeMoved}`);
}

function checkTxn(talk: Talk, view: DataView, what: () => string): void {
  check(view.getUint8(HEADER_BYTES) === OPTION.TXN, 'wire', () => `${what()}: no TXN`);
  const txn = view.getUint32(HEADER_BYTES + 2);
  if (talk.txn !== undefined) {
    const moved = (txn - talk.txn) | 0;
    check(moved > 0, 'wire', () => `${what()}: transmission number ${txn} is not new`);
  }
  talk.txn = txn;
}

function checkSeq(reverse: Talk, view: DataView, what: () => string): void {
  if (reverse.rightEdge === undefined) return;
  const seq = view.getUint32(AT.SEQ);
  const beyond = (seq - reverse.rightEdge) | 0;
  check(beyond < 0, 'wire', () => `${what()}: segment ${seq} beyond the right edge`);
}
