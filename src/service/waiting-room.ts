/**
 * Clients that wait for a place in a full house, first come first served, each told which place it
 * has in the queue (P-WAIT-01).
 */
import { MAX_WAITING_CLIENTS } from './limits.ts';
import { encodeMessage } from './messages.ts';
import type { TransferChannel } from './transfer-channel.ts';

interface Guest {
  /** Lets go of what is counted for it. */
  readonly release: () => void;
  /** Place that it was told last, and whether that is on its way. */
  told: number;
  isTelling: boolean;
}

export class WaitingRoom {
  /** In the order of their coming. */
  private readonly guests = new Map<TransferChannel, Guest>();

  get size(): number {
    return this.guests.size;
  }

  get isFull(): boolean {
    return this.guests.size >= MAX_WAITING_CLIENTS;
  }

  /** @param release called once when it waits no more, for whatever reason */
  add(channel: TransferChannel, release: () => void): void {
    this.guests.set(channel, { release, told: 0, isTelling: false });
    void channel.closed.then(() => this.take(channel));
    this.tellAll();
  }

  /** The first for whom there is a place: it waits no more. */
  next(mayEnter: (channel: TransferChannel) => boolean): TransferChannel | undefined {
    for (const channel of this.guests.keys()) {
      if (channel.isClosed || !mayEnter(channel)) continue;
      this.take(channel);
      return channel;
    }
    return undefined;
  }

  /** Tells everybody again, so that nobody's connection is taken for idle. */
  remind(): void {
    for (const guest of this.guests.values()) guest.told = 0;
    this.tellAll();
  }

  abort(code: number): void {
    for (const channel of this.guests.keys()) channel.abort(code);
  }

  private take(channel: TransferChannel): void {
    const guest = this.guests.get(channel);
    if (guest === undefined) return;
    this.guests.delete(channel);
    guest.release();
    this.tellAll();
  }

  private tellAll(): void {
    for (const [channel, guest] of this.guests) void this.tell(channel, guest);
  }

  /** One message at a time: whoever does not listen keeps only one waiting. Never rejects. */
  private async tell(channel: TransferChannel, guest: Guest): Promise<void> {
    if (guest.isTelling) return;
    guest.isTelling = true;
    try {
      for (let place = this.placeOf(channel); place !== guest.told; place = this.placeOf(channel)) {
        if (place === 0) return;
        guest.told = place;
        await channel.sendMessage(encodeMessage({ op: 'wait', place }));
      }
    } catch {
      // It left, and that is noticed elsewhere.
    } finally {
      guest.isTelling = false;
    }
  }

  /** From 1; 0 for one that is not here. */
  private placeOf(channel: TransferChannel): number {
    let place = 0;
    for (const other of this.guests.keys()) {
      place += 1;
      if (other === channel) return place;
    }
    return 0;
  }
}
