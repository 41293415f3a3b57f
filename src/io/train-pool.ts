/**
 * Buffers for outgoing datagrams. Nearly every plain send is done when the call returns, so one
 * buffer serves; what the system has not answered for yet is parked and must not be touched.
 */
import { Train } from './train.ts';

/** Trains kept for reuse once the system is done with them: as many as leave in one turn. */
export const IDLE_TRAINS = 16;

export class TrainPool {
  private readonly idle: Train[] = [];
  private readonly parked: Train[] = [];
  private open: Train | undefined;

  /** Trains whose bytes the socket may still need. */
  get parkedCount(): number {
    return this.parked.length;
  }

  /** The train to fill next; the same one until it is parked. */
  current(): Train {
    this.open ??= this.idle.pop() ?? new Train();
    return this.open;
  }

  /** `next`, which is from here, is the current train now. */
  goOnWith(next: Train): void {
    if (this.open !== undefined) this.idle.push(this.open);
    this.open = next;
  }

  /** A train of its own for the datagram that `other` did not take. */
  spareWith(other: Train): Train {
    const spare = this.idle.pop() ?? new Train();
    spare.beginWith(other);
    return spare;
  }

  /** The current train's bytes are still needed: nobody may write to them. */
  park(): void {
    if (this.open === undefined) return;
    this.parked.push(this.open);
    this.open = undefined;
  }

  /** The socket's queue is empty: what the system has answered for may be written again. */
  recoverParked(): void {
    let kept = 0;
    for (const train of this.parked) {
      if (train.isInSocket) {
        this.parked[kept] = train;
        kept += 1;
      } else if (this.idle.length < IDLE_TRAINS) {
        train.clear();
        this.idle.push(train);
      }
    }
    this.parked.length = kept;
  }
}
