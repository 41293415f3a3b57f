/** Stand-ins for the transport: they record what they are told and answer what they were given. */
import type { Clock } from '../../../src/io/clock.ts';
import type { DrivenConnection, DrivenEndpoint } from '../../../src/io/driven.ts';
import type { DriverSocket } from '../../../src/io/driver.ts';
import type { Train } from '../../../src/io/train.ts';
import type {
  ConnectionEvent,
  ConnectionState,
  ConnectionStats,
  DataRun,
  PeerAddress,
  TransmitSlot,
} from '../../../src/transport/types.ts';
import type { Slab, SlabPool } from '../../../src/util/slab.ts';

export const PEER: PeerAddress = { key: 'a|1', address: '192.0.2.1', port: 1, family: 4 };

export class FakeClock implements Clock {
  ms = 1_000;

  nowMs(): number {
    return this.ms;
  }
}

interface FakeEvent {
  readonly connection: DrivenConnection;
  readonly event: ConnectionEvent;
}

export class FakeEndpoint implements DrivenEndpoint {
  readonly calls: string[] = [];
  readonly received: number[] = [];
  readonly events: FakeEvent[] = [];
  /** Datagrams that wait to be sent. */
  outgoing = 0;
  /** Length and destination of the next one. */
  next: () => { readonly length: number; readonly peer: PeerAddress } = () => ({
    length: 4,
    peer: PEER,
  });
  deadlineMs = Infinity;
  onDatagram: () => void = () => undefined;
  onTimeout: () => void = () => {
    this.deadlineMs = Infinity;
  };

  handleDatagram(nowMs: number): void {
    this.calls.push('datagram');
    this.received.push(nowMs);
    this.onDatagram();
  }

  handleTimeout(): void {
    this.calls.push('timeout');
    this.onTimeout();
  }

  pollTransmit(_nowMs: number, slot: TransmitSlot): boolean {
    if (this.outgoing === 0) return false;
    this.calls.push('transmit');
    this.outgoing -= 1;
    const { length, peer } = this.next();
    slot.length = length;
    slot.peer = peer;
    slot.buffer.fill(this.outgoing & 0xff, 0, length);
    return true;
  }

  pollEvent(): FakeEvent | undefined {
    const event = this.events.shift();
    if (event !== undefined) this.calls.push('event');
    return event;
  }

  nextTimeout(): number {
    return this.deadlineMs;
  }
}

interface FakeSend {
  readonly first: number;
  readonly watched: boolean;
  /** The first byte of each datagram, and their lengths. */
  readonly firsts: readonly number[];
  readonly lengths: readonly number[];
  readonly to: PeerAddress;
}

/** A socket whose kernel takes `takes` trains and queues the rest. */
export class FakeSocket implements DriverSocket {
  takesTrains = false;
  takes = Infinity;
  queued: Uint8Array[] = [];
  readonly sent: FakeSend[] = [];

  get queuedDatagrams(): number {
    return this.queued.length;
  }

  send(train: Train, watched: boolean): boolean {
    const all = Array.from({ length: train.count }, (_, index) => train.datagram(index));
    const firsts = all.map((bytes) => bytes[0] ?? -1);
    const lengths = all.map((bytes) => bytes.length);
    this.sent.push({ first: firsts[0] ?? -1, watched, firsts, lengths, to: train.to });
    if (this.takes > 0 && this.queued.length === 0) {
      this.takes -= 1;
      return true;
    }
    this.queued.push(train.datagrams());
    return false;
  }
}

export class FakeConnection implements DrivenConnection {
  readonly identity = undefined;
  readonly login = undefined;
  readonly id = 7;
  readonly peer = PEER;
  readonly initiator = true;
  readonly calls: string[] = [];
  readonly incoming: Uint8Array[] = [];
  readonly runs: DataRun[] = [];
  state: ConnectionState = 'established';
  userData: unknown;
  dataRoomBytes = 1;
  closeSent = 0;
  takesMessages = Infinity;
  private readonly pool: SlabPool | undefined;

  constructor(pool?: SlabPool) {
    this.pool = pool;
  }

  sendMessage(bytes: Uint8Array): boolean {
    if (this.takesMessages === 0) return false;
    this.takesMessages -= 1;
    this.calls.push(`message ${bytes.join()}`);
    return true;
  }

  sendData(slab: Slab, offset: number, length: number): void {
    this.calls.push(`data ${offset}+${length}`);
    this.pool?.release(slab);
  }

  endData(error = 0): void {
    this.calls.push(`end ${error}`);
  }

  abandonData(error: number): void {
    this.calls.push(`abandon ${error}`);
  }

  readMessage(): Uint8Array | undefined {
    return this.incoming.shift();
  }

  readRun(): DataRun | undefined {
    return this.runs.shift();
  }

  hasData(): boolean {
    return this.runs.length > 0;
  }

  releaseRun(): void {
    this.calls.push('release');
  }

  finish(): void {
    this.calls.push('finish');
  }

  abort(code: number): void {
    this.calls.push(`abort ${code}`);
  }

  stats(): ConnectionStats {
    throw new Error('a fake has no figures');
  }
}
