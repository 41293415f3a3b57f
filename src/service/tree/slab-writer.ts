/** Packs bytes one behind the other into slabs, and sends each slab when it is full. */
import type { Slab } from '../../util/slab.ts';
import { FILE_RUN_BYTES, TREE_SLAB_BYTES } from '../limits.ts';
import type { OutgoingRecord } from '../outgoing-record.ts';
import type { TransferChannel } from '../transfer-channel.ts';
import { CHUNK_HEAD_BYTES, putChunkHead } from './tree-entries.ts';

/** A chunk with fewer bytes is not begun in what is left of a slab. */
const CHUNK_LEAST_BYTES = 4096;

export class SlabWriter {
  private readonly channel: TransferChannel;
  private readonly record: OutgoingRecord;
  private readonly signal: AbortSignal;
  private slab: Slab | undefined;
  private used = 0;

  /** @param signal once it is aborted nothing is sent: another record would begin */
  constructor(channel: TransferChannel, record: OutgoingRecord, signal: AbortSignal) {
    this.channel = channel;
    this.record = record;
    this.signal = signal;
  }

  /** Copies `bytes`; resolves when there is room for more. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const slab = (this.slab ??= await this.channel.acquireSlab(TREE_SLAB_BYTES));
      const part = bytes.subarray(at, at + slab.bytes.length - this.used);
      slab.bytes.set(part, this.used);
      this.used += part.length;
      at += part.length;
      if (this.used === slab.bytes.length) await this.flush();
    }
  }

  /** Where the content of one chunk may be put; {@link endChunk} says how much it was. */
  async beginChunk(): Promise<Uint8Array> {
    const least = CHUNK_HEAD_BYTES + CHUNK_LEAST_BYTES;
    if (this.slab !== undefined && this.slab.bytes.length - this.used < least) await this.flush();
    const slab = (this.slab ??= await this.channel.acquireSlab(FILE_RUN_BYTES));
    return slab.bytes.subarray(this.used + CHUNK_HEAD_BYTES);
  }

  /** @param lengthBytes at least 1 */
  async endChunk(lengthBytes: number): Promise<void> {
    const { slab } = this;
    if (slab === undefined) return;
    putChunkHead(slab.bytes.subarray(this.used), lengthBytes);
    this.used += CHUNK_HEAD_BYTES + lengthBytes;
    if (this.used === slab.bytes.length) await this.flush();
  }

  /** Sends what is there, however little. @throws the signal's reason */
  async flush(): Promise<void> {
    this.signal.throwIfAborted();
    const { slab, used } = this;
    if (slab === undefined || used === 0) return;
    this.slab = undefined;
    this.used = 0;
    await this.record.send(slab, used);
  }

  /** Gives back what was not sent. */
  drop(): void {
    if (this.slab !== undefined) this.channel.releaseSlab(this.slab);
    this.slab = undefined;
    this.used = 0;
  }
}
