/** The one `dat` record of a transfer: it goes out whatever happens, as the peer counts on it. */
import type { Slab } from '../util/slab.ts';
import type { TransferChannel } from './transfer-channel.ts';

export class OutgoingRecord {
  private readonly channel: TransferChannel;
  private isOpen = true;
  private hasBytes = false;

  constructor(channel: TransferChannel) {
    this.channel = channel;
  }

  /** Takes the slab over; resolves when there is room for more. */
  async send(slab: Slab, lengthBytes: number): Promise<void> {
    this.hasBytes = true;
    await this.channel.sendData(slab, lengthBytes);
  }

  end(): void {
    this.isOpen = false;
    this.channel.endData();
  }

  /** Ends the record early, unless it has ended: also one of which nothing was sent yet. */
  abandon(code: number): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    if (this.channel.isClosed) return;
    if (this.hasBytes) this.channel.abandonData(code);
    else this.channel.endData(code);
  }
}
