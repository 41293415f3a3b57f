/** What the two sides of the simulator's file exchange have in common. */
import type { Connection } from '../transport/connection.ts';
import type { CloseReason, ConnectionEvent } from '../transport/types.ts';
import type { CloseMode } from './exchange-message.ts';
import { check } from './failure.ts';
import type { Habits, RecordStream } from './record-stream.ts';

export abstract class Party {
  readonly connection: Connection;
  closedBy: CloseReason | undefined;
  protected isPeerFinished = false;
  protected hasFinished = false;

  constructor(connection: Connection) {
    this.connection = connection;
    connection.userData = this;
  }

  abstract readonly stream: RecordStream;
  /** Whether every job is done and this side may end. */
  protected abstract decide(nowMs: number): void;
  /** Whether this side got all it should. */
  abstract get isComplete(): boolean;
  abstract get closeMode(): CloseMode;
  abstract describe(): string;

  /** Whether this side has said that it is done. */
  get hasEnded(): boolean {
    return this.hasFinished;
  }

  /** A program may end once it has what it wanted and its fin has left twice. */
  get mayExit(): boolean {
    return this.isComplete && this.hasFinished && this.connection.closeSent >= 2;
  }

  onEvent(nowMs: number, event: ConnectionEvent): void {
    check(this.closedBy === undefined, 'ending', () => `event ${event.kind} after closed`);
    if (event.kind === 'closed') {
      this.closedBy = event.reason;
      this.stream.releaseAll();
      return;
    }
    if (event.kind === 'peerFinished') this.isPeerFinished = true;
    this.work(nowMs);
  }

  nextWakeMs(): number {
    return this.closedBy === undefined ? this.stream.nextWakeMs() : Infinity;
  }

  /** Reads and writes what is possible now. */
  work(nowMs: number): void {
    if (this.closedBy !== undefined) return;
    this.stream.read(nowMs);
    if (!this.hasFinished) this.stream.pump(nowMs);
    this.decide(nowMs);
  }

  heal(habits: Habits): void {
    this.stream.heal(habits);
  }

  protected finish(): void {
    if (this.hasFinished) return;
    this.hasFinished = true;
    this.connection.finish();
  }

  protected abort(code: number): void {
    if (this.hasFinished) return;
    this.hasFinished = true;
    this.connection.abort(code);
  }
}
