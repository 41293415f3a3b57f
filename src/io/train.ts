/**
 * Datagrams for one peer that leave in one system call, one behind the other in one buffer: the
 * kernel cuts the train into pieces of equal length, of which only the last may be shorter
 * (`UDP_SEGMENT`). A train of one is a plain datagram.
 */
import type { PeerAddress, TransmitSlot } from '../transport/types.ts';
import { MAX_DATAGRAM_BYTES } from '../wire/layout.ts';

/** Pieces that Linux cuts of one train (`UDP_MAX_SEGMENTS`). */
export const TRAIN_DATAGRAMS = 64;

/** Rounded up, so that the transport may write whole words. */
const DATAGRAM_ROOM_BYTES = Math.ceil(MAX_DATAGRAM_BYTES / 1_024) * 1_024;

const NOBODY: PeerAddress = { key: '', address: '', port: 0, family: 4 };

export class Train implements TransmitSlot {
  /** Where the next datagram is written. */
  buffer: Uint8Array;
  /** Bytes and destination of the datagram written there last. */
  length = 0;
  peer: PeerAddress = NOBODY;
  /** Datagrams in it, their length (the last may be shorter), and all their bytes. */
  count = 0;
  unitBytes = 0;
  totalBytes = 0;
  to: PeerAddress = NOBODY;
  /** Set by the socket from handing it over until the system has answered. */
  isInSocket = false;
  /** Called with the system's answer; made once by the socket. */
  onSent: ((error: Error | null) => void) | undefined;
  /** The last datagram may be any length up to the longest, hence the second half. */
  private readonly bytes = new Uint8Array(2 * DATAGRAM_ROOM_BYTES);
  private isClosed = false;
  private whole = this.bytes;
  /** Views of the places in trains of `placesUnitBytes`, which nearly all have in common. */
  private readonly places: Uint8Array[] = [];
  private placesUnitBytes = 0;

  constructor() {
    this.buffer = this.bytes;
  }

  /** Takes in what was just written. @returns false when it must begin a train of its own */
  take(): boolean {
    const { length, peer } = this;
    if (this.count === 0) {
      this.unitBytes = length;
      this.to = peer;
    } else if (this.isClosed || peer !== this.to || length > this.unitBytes) return false;
    this.count += 1;
    this.totalBytes += length;
    const isShort = length < this.unitBytes;
    const isLong = this.totalBytes + this.unitBytes > MAX_DATAGRAM_BYTES;
    this.isClosed = isShort || isLong || this.count === TRAIN_DATAGRAMS;
    if (!this.isClosed) this.buffer = this.place(this.count);
    return true;
  }

  /** Whether no further datagram may be written behind these. */
  isFull(): boolean {
    return this.isClosed;
  }

  private place(index: number): Uint8Array {
    if (this.placesUnitBytes !== this.unitBytes) {
      this.placesUnitBytes = this.unitBytes;
      this.places.length = 0;
    }
    const at = index * this.unitBytes;
    return (this.places[index] ??= this.bytes.subarray(at, at + DATAGRAM_ROOM_BYTES));
  }

  /** Begins with the datagram that `other` did not take. */
  beginWith(other: Train): void {
    this.hold(other.buffer.subarray(0, other.length), other.peer);
  }

  /** Holds a copy of `bytes` for `peer`, and nothing else. */
  hold(bytes: Uint8Array, peer: PeerAddress): void {
    this.clear();
    this.buffer.set(bytes);
    this.length = bytes.length;
    this.peer = peer;
    this.take();
  }

  clear(): void {
    this.count = 0;
    this.totalBytes = 0;
    this.isClosed = false;
    this.buffer = this.bytes;
  }

  /** All of it. Trains have equal lengths, so the view is nearly always there. */
  datagrams(): Uint8Array {
    if (this.whole.length !== this.totalBytes) this.whole = this.bytes.subarray(0, this.totalBytes);
    return this.whole;
  }

  /** One of its datagrams; `index` from 0. */
  datagram(index: number): Uint8Array {
    const from = index * this.unitBytes;
    return this.bytes.subarray(from, Math.min(from + this.unitBytes, this.totalBytes));
  }
}
