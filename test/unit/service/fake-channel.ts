/** Two ends of a connection in memory: the contract of io's `Channel`, without a network. */
import { UnannouncedData } from '../../../src/io/channel-errors.ts';
import type {
  CloseReason,
  ConnectionStats,
  DataRun,
  PeerAddress,
  PeerIdentity,
} from '../../../src/transport/types.ts';
import type { TransferChannel } from '../../../src/service/transfer-channel.ts';
import { deferred } from '../../../src/service/turns.ts';
import { SlabPool, type Slab } from '../../../src/util/slab.ts';

class Closed extends Error {
  readonly reason: CloseReason;

  constructor(reason: CloseReason) {
    super(`closed: ${reason.kind}`);
    this.reason = reason;
  }
}

/** Bytes that a sender may be ahead of its receiver. */
const WINDOW_BYTES = 1_048_576;

interface Piece {
  bytes: Uint8Array;
  end: boolean;
  error: number;
}

export class FakeChannel implements TransferChannel {
  peer: PeerAddress = { key: '192.0.2.1|1', address: '192.0.2.1', port: 1, family: 4 };
  identity: PeerIdentity | undefined;
  login: Uint8Array | undefined;
  readonly pool = new SlabPool(16_777_216);
  readonly lentRuns = new Set<DataRun>();
  other!: FakeChannel;
  /** Everything this end was sent and has not read. */
  private readonly messages: Uint8Array[] = [];
  private readonly pieces: Piece[] = [];
  private heldBytes = 0;
  private recordsRead = 0;
  private isRecordOpen = false;
  private hasPeerFinished = false;
  private hasFinished = false;
  private reason: CloseReason | undefined;
  private readonly ending = deferred<CloseReason>();
  private readonly wakers: (() => void)[] = [];
  segmentsSent = 0;

  get isClosed(): boolean {
    return this.reason !== undefined;
  }

  get closed(): Promise<CloseReason> {
    return this.ending.promise;
  }

  stats(): ConnectionStats {
    const { segmentsSent } = this;
    return { controller: 'newreno', segmentsSent, segmentsRetransmitted: 0 } as ConnectionStats;
  }

  sendMessage(bytes: Uint8Array): Promise<void> {
    if (this.reason !== undefined) return Promise.reject(new Closed(this.reason));
    this.other.messages.push(bytes.slice());
    this.other.wake();
    return Promise.resolve();
  }

  async nextMessage(announcedRecords = Infinity): Promise<Uint8Array | undefined> {
    for (;;) {
      const message = this.messages.shift();
      if (message !== undefined) return message;
      const isNoneDue = this.recordsRead >= announcedRecords;
      if (isNoneDue && this.pieces.length > 0) throw new UnannouncedData();
      if (this.hasEnded()) return undefined;
      await this.change();
    }
  }

  acquireSlab(wantBytes: number): Promise<Slab> {
    if (this.reason !== undefined) return Promise.reject(new Closed(this.reason));
    return Promise.resolve(this.pool.acquire(wantBytes)!);
  }

  releaseSlab(slab: Slab): void {
    this.pool.release(slab);
  }

  async sendData(slab: Slab, lengthBytes: number): Promise<void> {
    const bytes = slab.bytes.slice(0, lengthBytes);
    this.pool.release(slab);
    this.segmentsSent += 1;
    this.push({ bytes, end: false, error: 0 });
    while (this.other.heldBytes >= WINDOW_BYTES && this.reason === undefined) await this.change();
    if (this.reason !== undefined) throw new Closed(this.reason);
  }

  endData(error = 0): void {
    this.push({ bytes: new Uint8Array(), end: true, error });
  }

  /** Of a record that has not begun there is nothing to abandon. */
  abandonData(error: number): void {
    if (this.isRecordOpen) this.endData(error);
  }

  async nextRun(minBytes: number): Promise<DataRun | undefined> {
    for (;;) {
      const run = this.readRun(minBytes);
      if (run?.end === true) {
        this.recordsRead += 1;
        this.wake();
      }
      if (run !== undefined) return run;
      if (this.hasEnded()) return undefined;
      await this.change();
    }
  }

  releaseRun(run: DataRun): void {
    if (!this.lentRuns.delete(run)) throw new Error('released twice');
    this.heldBytes -= run.length;
    this.pool.release(run.slab);
    this.other.wake();
  }

  finish(): void {
    this.hasFinished = true;
    this.other.hasPeerFinished = true;
    if (this.hasPeerFinished) {
      this.close({ kind: 'finished' });
      this.other.close({ kind: 'finished' });
    }
    this.other.wake();
  }

  abort(code: number): void {
    this.close({ kind: 'aborted', by: 'local', code });
    this.other.close({ kind: 'aborted', by: 'peer', code });
  }

  /** The connection ends on this side, as if the network had died. */
  close(reason: CloseReason): void {
    this.reason ??= reason;
    this.ending.resolve(this.reason);
    this.wake();
  }

  linger(): Promise<void> {
    return Promise.resolve();
  }

  private push(piece: Piece): void {
    if (this.reason !== undefined || this.hasFinished) return;
    this.isRecordOpen = !piece.end;
    this.other.pieces.push(piece);
    this.other.heldBytes += piece.bytes.length;
    this.other.wake();
  }

  private readRun(minBytes: number): DataRun | undefined {
    const endIndex = this.pieces.findIndex((piece) => piece.end);
    const ready = this.pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
    if (endIndex < 0 && ready < minBytes) return undefined;
    const slab = this.pool.acquire(262_144)!;
    let length = 0;
    for (;;) {
      const piece = this.pieces[0];
      if (piece === undefined || length + piece.bytes.length > slab.bytes.length) break;
      this.pieces.shift();
      slab.bytes.set(piece.bytes, length);
      length += piece.bytes.length;
      if (piece.end) return this.lend({ slab, length, end: true, error: piece.error });
    }
    return this.lend({ slab, length, end: false, error: 0 });
  }

  private lend(run: DataRun): DataRun {
    this.lentRuns.add(run);
    return run;
  }

  private hasEnded(): boolean {
    if (this.hasPeerFinished) return true;
    if (this.reason === undefined) return false;
    if (this.reason.kind === 'finished') return true;
    throw new Closed(this.reason);
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wakers.push(resolve);
    });
  }

  private wake(): void {
    for (const waker of this.wakers.splice(0)) waker();
  }
}

export function channelPair(): [FakeChannel, FakeChannel] {
  const one = new FakeChannel();
  const two = new FakeChannel();
  one.other = two;
  two.other = one;
  return [one, two];
}
