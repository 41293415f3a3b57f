/**
 * P-KEY-09: when a sender leaves its key for the next one, so that a key that leaks opens little.
 * Without keys it never does.
 */
import type { KeyEpochs } from '../crypto/segment-sealer.ts';
import { assert } from '../util/assert.ts';
import type { Recovery } from './recovery.ts';
import type { SegmentWriter } from './segment-writer.ts';
import type { TransmissionLog } from './transmission-log.ts';

/** Pause between two probes that ask whether anything under an old key has arrived. */
const PROBE_EVERY_MS = 1000;

export class KeyLifetime {
  private keys: KeyEpochs | undefined;
  /** Until when the key may be used; Infinity without keys. */
  private untilMs = Infinity;
  /** First transmission with the key, and the one with which the next key begins by itself. */
  private firstTxn = 0;
  private endTxn = Infinity;
  private probeAtMs = -Infinity;
  private readonly log: TransmissionLog;
  private readonly recovery: Recovery;
  private readonly writer: SegmentWriter;

  constructor(log: TransmissionLog, recovery: Recovery, writer: SegmentWriter) {
    this.log = log;
    this.recovery = recovery;
    this.writer = writer;
  }

  /** The opening has brought keys, or none. */
  begin(nowMs: number, keys: KeyEpochs | undefined): void {
    if (keys === undefined) return;
    assert(keys.epochTxns % 32 === 0, 'an epoch is made of whole words of TMAP');
    this.keys = keys;
    this.start(nowMs, keys);
  }

  private start(nowMs: number, { epochTxns, lifetimeMs }: KeyEpochs): void {
    const { txnNxt, shift } = this.log;
    this.firstTxn = txnNxt;
    this.endTxn = epochTxns * (Math.floor((txnNxt + shift) / epochTxns) + 1) - shift;
    this.untilMs = nowMs + lifetimeMs;
  }

  /** The next number is about to be given; it may jump. */
  beforeTransmission(nowMs: number): void {
    const { log, keys } = this;
    if (nowMs <= this.untilMs && log.txnNxt < this.endTxn) return;
    if (keys === undefined) return;
    if (log.txnNxt < this.endTxn) {
      if (!this.isKeyKnown) return;
      log.jumpTo(nowMs, keys.jumpTxn(log.txnNxt + log.shift));
      this.writer.txnShift = log.shift;
    }
    this.start(nowMs, keys);
  }

  /**
   * Whether anything under this key has arrived. A receiver follows by one epoch only: after a
   * long silence of the path, a sender that went on from key to key would never be heard again.
   */
  private get isKeyKnown(): boolean {
    return this.recovery.newestDeliveredTxn >= this.firstTxn;
  }

  /** A side that only acknowledges has to ask, as nobody acknowledges that. */
  isProbeDue(nowMs: number): boolean {
    return nowMs > this.untilMs && nowMs >= this.probeAtMs && !this.isKeyKnown;
  }

  onProbeSent(nowMs: number): void {
    this.probeAtMs = nowMs + PROBE_EVERY_MS;
  }
}
