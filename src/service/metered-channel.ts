/**
 * A channel whose file bytes pass at the rate of an account: those that go wait before they are
 * read from the disk, those that came before they are taken, so that the window closes behind them.
 */
import type { CloseReason, ConnectionStats, DataRun } from '../transport/types.ts';
import type { PeerAddress, PeerIdentity } from '../transport/types.ts';
import type { Slab } from '../util/slab.ts';
import type { RateGate } from './accounts/rate-gate.ts';
import type { TransferChannel } from './transfer-channel.ts';

export interface Gates {
  readonly toClient: RateGate;
  readonly fromClient: RateGate;
}

export class MeteredChannel implements TransferChannel {
  private readonly channel: TransferChannel;
  private readonly gates: Gates;

  constructor(channel: TransferChannel, gates: Gates) {
    this.channel = channel;
    this.gates = gates;
  }

  get peer(): PeerAddress {
    return this.channel.peer;
  }

  get identity(): PeerIdentity | undefined {
    return this.channel.identity;
  }

  get login(): Uint8Array | undefined {
    return this.channel.login;
  }

  get isClosed(): boolean {
    return this.channel.isClosed;
  }

  get closed(): Promise<CloseReason> {
    return this.channel.closed;
  }

  stats(): ConnectionStats {
    return this.channel.stats();
  }

  sendMessage(bytes: Uint8Array): Promise<void> {
    return this.channel.sendMessage(bytes);
  }

  nextMessage(announcedRecords?: number): Promise<Uint8Array | undefined> {
    return this.channel.nextMessage(announcedRecords);
  }

  /** Before the slab is there: once it is, nothing may come between it and its record. */
  async acquireSlab(wantBytes: number): Promise<Slab> {
    const gate = this.gates.toClient;
    const bytes = gate.grain(wantBytes);
    await gate.pay(bytes, () => this.isClosed);
    const slab = await this.channel.acquireSlab(bytes);
    gate.refund(Math.max(0, bytes - slab.bytes.length));
    return slab;
  }

  releaseSlab(slab: Slab): void {
    this.channel.releaseSlab(slab);
  }

  sendData(slab: Slab, lengthBytes: number): Promise<void> {
    return this.channel.sendData(slab, lengthBytes);
  }

  endData(error?: number): void {
    this.channel.endData(error);
  }

  abandonData(error: number): void {
    this.channel.abandonData(error);
  }

  async nextRun(minBytes: number): Promise<DataRun | undefined> {
    const gate = this.gates.fromClient;
    const run = await this.channel.nextRun(gate.grain(minBytes));
    if (run !== undefined) await gate.pay(run.length, () => this.isClosed);
    return run;
  }

  releaseRun(run: DataRun): void {
    this.channel.releaseRun(run);
  }

  finish(): void {
    this.channel.finish();
  }

  abort(code: number): void {
    this.channel.abort(code);
  }

  linger(): Promise<void> {
    return this.channel.linger();
  }
}
