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
import { CloseUp, type EventKind } from './close-up.ts';

/** Points kept of each kind, however long the transfer. */
export const PLOT_POINTS = 4_096;

/** Times are milliseconds of the caller's clock; the other axis counts segments from the first. */
export interface Plot {
  readonly ms: readonly number[];
  readonly segments: readonly number[];
  /** Points before thinning. */
  readonly count: number;
}

export type PlotsByKind = Readonly<Record<EventKind, Plot>>;

export interface SequencePlots extends PlotsByKind {
  /** Every single event around the first loss; empty plots if nothing was lost. */
  readonly firstLoss: PlotsByKind;
}

export class SequenceWatch {
  private readonly points: Readonly<Record<EventKind, ThinnedPoints>> = {
    sent: new ThinnedPoints(PLOT_POINTS),
    sentAgain: new ThinnedPoints(PLOT_POINTS),
    lost: new ThinnedPoints(PLOT_POINTS),
    acknowledged: new ThinnedPoints(PLOT_POINTS),
  };
  private readonly closeUp = new CloseUp();
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
    this.add(nowMs, segment, isNew ? 'sent' : 'sentAgain');
    if (!isCarried) this.add(nowMs, segment, 'lost');
  }

  /** A datagram of the file's receiver. */
  onReturned(nowMs: number, datagram: Uint8Array): void {
    const flags = flagsOf(datagram);
    if (this.firstSeq === undefined || (flags & FLAG.CNT) !== 0) return;
    if ((flags & FLAG.ACK) === 0) return;
    const ack = unwrap(this.ackSeq, wordAt(datagram, AT.ACK));
    if (ack <= this.ackSeq) return;
    this.ackSeq = ack;
    this.add(nowMs, ack - this.firstSeq, 'acknowledged');
  }

  plots(): SequencePlots {
    const { closeUp, points } = this;
    return {
      ...byKind((kind) => plotOf(points[kind])),
      firstLoss: byKind((kind) => {
        const events = closeUp.of(kind);
        const ms = events.map((event) => event.ms);
        return { ms, segments: events.map(({ segment }) => segment), count: ms.length };
      }),
    };
  }

  private add(ms: number, segment: number, kind: EventKind): void {
    this.points[kind].add(ms, segment);
    this.closeUp.add(ms, segment, kind);
  }
}

function byKind(plot: (kind: EventKind) => Plot): PlotsByKind {
  return {
    sent: plot('sent'),
    sentAgain: plot('sentAgain'),
    lost: plot('lost'),
    acknowledged: plot('acknowledged'),
  };
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
