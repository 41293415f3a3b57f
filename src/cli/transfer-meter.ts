/** How far one transfer is: readings of the connection, turned into rate and time left. */
import type { TransferChannel } from '../service/transfer-channel.ts';
import type { TransferObserver, TransferPhase } from '../service/transfer-observer.ts';

export interface MeterReading {
  readonly phase: TransferPhase;
  readonly bytes: number;
  /** Null while unknown. */
  readonly sizeBytes: number | null;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
  /** Undefined while nobody can tell. */
  readonly etaSeconds: number | undefined;
}

/** The rate is taken over this long, so that it follows the path and does not flicker. */
const RATE_SPAN_MS = 3000;

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

export class TransferMeter implements TransferObserver {
  readonly op: 'get' | 'post';
  private readonly channel: TransferChannel;
  private readonly nowMs: () => number;
  private phase: TransferPhase = 'request';
  private sizeBytes: number | null = null;
  private baseBytes = 0;
  private keptBytes = 0;
  private samples: Sample[];

  /** Counts what arrives on `channel` for a get, and what is acknowledged for a post. */
  constructor(op: 'get' | 'post', channel: TransferChannel, nowMs: () => number) {
    this.op = op;
    this.channel = channel;
    this.nowMs = nowMs;
    this.baseBytes = this.countedBytes();
    this.samples = [{ atMs: nowMs(), bytes: 0 }];
  }

  onPhase(phase: TransferPhase, sizeBytes: number | null, keptBytes = 0): void {
    this.phase = phase;
    this.sizeBytes = sizeBytes;
    if (keptBytes === this.keptBytes) return;
    // No rate comes from bytes that were there before.
    this.keptBytes = keptBytes;
    this.samples = [{ atMs: this.nowMs(), bytes: this.bytesSoFar() }];
  }

  read(): MeterReading {
    const atMs = this.nowMs();
    const bytes = this.bytesSoFar();
    this.samples.push({ atMs, bytes });
    // The newest sample of at least that age is the one to compare with, however rare they are.
    while ((this.samples[1]?.atMs ?? atMs) <= atMs - RATE_SPAN_MS) this.samples.shift();
    const first = this.samples[0] ?? { atMs, bytes };
    const spanMs = atMs - first.atMs;
    const bytesPerSecond = spanMs > 0 ? ((bytes - first.bytes) * 1000) / spanMs : 0;
    const left = this.sizeBytes === null ? undefined : this.sizeBytes - bytes;
    const isKnown = left !== undefined && bytesPerSecond > 0;
    return {
      phase: this.phase,
      bytes,
      sizeBytes: this.sizeBytes,
      bytesPerSecond,
      etaSeconds: isKnown ? left / bytesPerSecond : undefined,
    };
  }

  /** The stream carries messages as well: their bytes must not make more than the file has. */
  private bytesSoFar(): number {
    const bytes = this.keptBytes + this.countedBytes() - this.baseBytes;
    return this.sizeBytes === null ? bytes : Math.min(bytes, this.sizeBytes);
  }

  private countedBytes(): number {
    const stats = this.channel.stats();
    return this.op === 'get' ? stats.bytesDelivered : stats.bytesAcknowledged;
  }
}
