/**
 * A transfer as an onlooker at the sender's door sees it (Stevens' time-sequence plot): when each
 * segment left, which ones were sent again, which ones the link lost, and what was acknowledged.
 *
 * It reads headers, which are never sealed, so it serves the simulated and the real link alike.
 */
import { ThinnedPoints } from '../util/thinned-points.ts';
import { FLAG } from '../wire/codes.ts';
import { AT, STREAM_HEADER_BYTES } from '../wire/layout.ts';
import { unwrap } from '../wire/serial.ts';

/** Points kept of each kind, however long the transfer. */
export const PLOT_POINTS = 4_096;

/** Times are milliseconds of the caller's clock; the other axis counts segments from the first. */
export interface Plot {
  readonly ms: readonly number[];
  readonly segments: readonly number[];
  /** Points before thinning. */
  readonly count: number;
}

export interface SequencePlots {
  readonly sent: Plot;
  readonly sentAgain: Plot;
  readonly lost: Plot;
  readonly acknowledged: Plot;
}

export class SequenceWatch {
  private readonly sent = new ThinnedPoints(PLOT_POINTS);
  private readonly sentAgain = new ThinnedPoints(PLOT_POINTS);
  private readonly lost = new ThinnedPoints(PLOT_POINTS);
  private readonly acknowledged = new ThinnedPoints(PLOT_POINTS);
  private firstSeq: number | undefined;
  private highestSeq = 0;
  private ackSeq = 0;

  /** A datagram of the file's sender; `isCarried` false: the link did not carry it. */
  onSent(nowMs: number, datagram: Uint8Array, isCarried: boolean): void {
    const flags = flagsOf(datagram);
    if ((flags & FLAG.CNT) !== 0 || (flags & (FLAG.OP | FLAG.DAT)) === 0) return;
    if (datagram.length < STREAM_HEADER_BYTES) return;
    const wire = wordAt(datagram, AT.SEQ);
    if (this.firstSeq === undefined) {
      this.firstSeq = wire;
      this.highestSeq = wire - 1;
      this.ackSeq = wire;
    }
    const seq = unwrap(this.highestSeq, wire);
    const isNew = seq > this.highestSeq;
    if (isNew) this.highestSeq = seq;
    const segment = seq - this.firstSeq;
    (isNew ? this.sent : this.sentAgain).add(nowMs, segment);
    if (!isCarried) this.lost.add(nowMs, segment);
  }

  /** A datagram of the file's receiver. */
  onReturned(nowMs: number, datagram: Uint8Array): void {
    const flags = flagsOf(datagram);
    if (this.firstSeq === undefined || (flags & FLAG.CNT) !== 0) return;
    if ((flags & FLAG.ACK) === 0) return;
    const ack = unwrap(this.ackSeq, wordAt(datagram, AT.ACK));
    if (ack <= this.ackSeq) return;
    this.ackSeq = ack;
    this.acknowledged.add(nowMs, ack - this.firstSeq);
  }

  plots(): SequencePlots {
    return {
      sent: plotOf(this.sent),
      sentAgain: plotOf(this.sentAgain),
      lost: plotOf(this.lost),
      acknowledged: plotOf(this.acknowledged),
    };
  }
}

function plotOf({ xs, ys, count }: ThinnedPoints): Plot {
  return { ms: xs, segments: ys, count };
}

function flagsOf(datagram: Uint8Array): number {
  return datagram[AT.FLAGS] ?? FLAG.CNT;
}

function wordAt(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getUint32(at);
}
