/**
 * Buffers for outgoing datagrams. Nearly every send is done when the call returns, so one buffer
 * serves; while the kernel is busy, what it has not taken yet is parked and must not be touched.
 */
import type { PeerAddress, TransmitSlot } from '../transport/types.ts';
import { MAX_DATAGRAM_BYTES } from '../wire/layout.ts';

/** Buffers kept for reuse once the socket's queue has drained. */
export const IDLE_SLOTS = 16;

/** Rounded up, so that the transport may write whole words. */
const BUFFER_BYTES = Math.ceil(MAX_DATAGRAM_BYTES / 1_024) * 1_024;

const NOBODY: PeerAddress = { key: '', address: '', port: 0, family: 4 };

export class DatagramSlot implements TransmitSlot {
  readonly buffer = new Uint8Array(BUFFER_BYTES);
  length = 0;
  peer: PeerAddress = NOBODY;
  private view = this.buffer;

  /** The datagram's bytes. Trains have equal lengths, so the view is nearly always there. */
  datagram(): Uint8Array {
    if (this.view.length !== this.length) this.view = this.buffer.subarray(0, this.length);
    return this.view;
  }
}

export class DatagramPool {
  private readonly idle: DatagramSlot[] = [];
  private readonly parked: DatagramSlot[] = [];
  private open: DatagramSlot | undefined;

  /** Slots whose bytes the socket still needs. */
  get parkedCount(): number {
    return this.parked.length;
  }

  /** The slot to fill next; the same one until it is parked. */
  current(): DatagramSlot {
    this.open ??= this.idle.pop() ?? new DatagramSlot();
    return this.open;
  }

  /** The current slot's bytes wait in the socket's queue: nobody may write to them. */
  park(): void {
    if (this.open === undefined) return;
    this.parked.push(this.open);
    this.open = undefined;
  }

  /** The socket's queue is empty: every parked slot may be written again. */
  recoverParked(): void {
    for (const slot of this.parked) if (this.idle.length < IDLE_SLOTS) this.idle.push(slot);
    this.parked.length = 0;
  }
}
