/**
 * NewReno (RFC 5681 §3, RFC 6582) and, with other settings, the founding documents' controller.
 *
 * P-CC-01: inflation and deflation of cwnd in recovery (RFC 6582 §3.2) are replaced by counting
 * what is in flight (RFC 6675 `pipe`): the window stays at ssthresh, and each delivery lets one
 * segment out. The effect is the same and no figure has to be corrected afterwards.
 */
import type { AckSample, CongestionController, WindowPhase } from './controller.ts';

export interface NewRenoSettings {
  readonly name: string;
  readonly initialWindowSegments: number;
  readonly initialSsthreshSegments: number;
  readonly fixedTimeoutMs: number | undefined;
}

/** P-CC-02: RFC 6928 initial window, no initial threshold. */
export const NEWRENO: NewRenoSettings = {
  name: 'newreno',
  initialWindowSegments: 10,
  initialSsthreshSegments: Infinity,
  fixedTimeoutMs: undefined,
};

/** The founding documents: one segment, threshold 64, every segment's timer starts at 0.1 s. */
export const FOUNDING: NewRenoSettings = {
  name: 'founding',
  initialWindowSegments: 1,
  initialSsthreshSegments: 64,
  fixedTimeoutMs: 100,
};

export class NewReno implements CongestionController {
  readonly name: string;
  readonly fixedTimeoutMs: number | undefined;
  cwndBytes: number;
  ssthreshBytes: number;
  phase: WindowPhase = 'slowStart';
  readonly pacingBytesPerMs = undefined;
  readonly isWindowBased = true;
  private smssBytes: number;
  /** As before the last reduction; it comes back when that proves to have been a mistake. */
  private undoCwndBytes = 0;
  private undoSsthreshBytes = 0;

  constructor(settings: NewRenoSettings, smssBytes: number) {
    this.name = settings.name;
    this.fixedTimeoutMs = settings.fixedTimeoutMs;
    this.smssBytes = smssBytes;
    this.cwndBytes = settings.initialWindowSegments * smssBytes;
    this.ssthreshBytes = settings.initialSsthreshSegments * smssBytes;
  }

  onAck(sample: AckSample): void {
    // P-CC-03: growth of a window that was not the brake would be growth without evidence.
    if (this.phase === 'fastRecovery' || !sample.isCwndLimited) return;
    if (this.phase === 'slowStart') {
      // RFC 5681 (2), counting bytes: acknowledgements are rare, so no limit per acknowledgement.
      this.cwndBytes += sample.ackedBytes;
      if (this.cwndBytes >= this.ssthreshBytes) {
        this.cwndBytes = Math.max(this.ssthreshBytes, this.smssBytes);
        this.phase = 'congestionAvoidance';
      }
      return;
    }
    // RFC 5681 (3): one segment per window's worth of acknowledged bytes.
    this.cwndBytes += (this.smssBytes * sample.ackedBytes) / this.cwndBytes;
  }

  onSent(): void {
    // A window asks only what is in flight.
  }

  onSegmentLost(): void {
    // One answer for the whole episode.
  }

  onLossEpisode(_nowMs: number, flightBytes: number): void {
    this.save();
    this.ssthreshBytes = Math.max(flightBytes / 2, 2 * this.smssBytes); // RFC 5681 (4)
    this.cwndBytes = this.ssthreshBytes;
    this.phase = 'fastRecovery';
  }

  onRecovered(): void {
    if (this.phase === 'fastRecovery') this.phase = 'congestionAvoidance';
  }

  onRetransmissionTimeout(_nowMs: number, flightBytes: number, isRepeated: boolean): void {
    // RFC 5681 §3.1: what timed out again says nothing new about what the path carries.
    if (!isRepeated) this.save();
    if (!isRepeated) this.ssthreshBytes = Math.max(flightBytes / 2, 2 * this.smssBytes);
    this.cwndBytes = this.smssBytes; // RFC 5681 §3.1: the loss window is one segment
    this.phase = 'slowStart';
  }

  private save(): void {
    this.undoCwndBytes = this.cwndBytes;
    this.undoSsthreshBytes = this.ssthreshBytes;
  }

  /** P-LOSS-04: nothing was lost, so nothing was learnt (RFC 4015 §3.2, as Linux does). */
  onSpuriousEpisode(): void {
    this.cwndBytes = Math.max(this.cwndBytes, this.undoCwndBytes);
    this.ssthreshBytes = Math.max(this.ssthreshBytes, this.undoSsthreshBytes);
    const isBelow = this.cwndBytes < this.ssthreshBytes;
    this.phase = isBelow ? 'slowStart' : 'congestionAvoidance';
  }

  onPersistentCongestion(): void {
    // The timeouts have brought the window to one segment already.
  }

  onSegmentSize(smssBytes: number): void {
    this.smssBytes = smssBytes;
    this.cwndBytes = Math.max(this.cwndBytes, smssBytes);
  }
}
