/** The sending side as far as acknowledgements reach into it, its window kept full. */
import { AckProcessing } from '../../src/transport/ack-processing.ts';
import { DEFAULT_CONNECTION_CONFIG } from '../../src/transport/config.ts';
import { DeliveryRate } from '../../src/transport/congestion/delivery-rate.ts';
import { PathGroup } from '../../src/transport/path-group.ts';
import { PeerWindow } from '../../src/transport/peer-window.ts';
import { Recovery } from '../../src/transport/recovery.ts';
import { RttEstimator } from '../../src/transport/rtt-estimator.ts';
import type { Cut } from '../../src/transport/send-queue.ts';
import { SendWindow } from '../../src/transport/send-window.ts';
import { auditSendWindow } from '../../src/transport/send-window-audit.ts';
import { NO_TRACE } from '../../src/transport/trace.ts';
import { KIND, TransmissionLog } from '../../src/transport/transmission-log.ts';
import { assert } from '../../src/util/assert.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { type Slab, SLAB_MAX_BYTES, SlabPool } from '../../src/util/slab.ts';
import type { AckBlock } from '../../src/wire/ack-block.ts';
import { FLAG } from '../../src/wire/codes.ts';
import { FIRST_SEQ, FIRST_TXN, PAYLOAD_BYTES, RTT_MS } from './scene.ts';

export class BenchSender {
  private readonly segments: number;
  private readonly pool = new SlabPool(SLAB_MAX_BYTES);
  private readonly slab: Slab = this.pool.acquire(SLAB_MAX_BYTES)!;
  private readonly window = new SendWindow(FIRST_SEQ, this.pool);
  private readonly log = new TransmissionLog(FIRST_TXN - 1);
  private readonly path = new PathGroup(DEFAULT_CONNECTION_CONFIG, new SeededRandom(1));
  private readonly rate = new DeliveryRate();
  private readonly recovery: Recovery;
  private readonly acks: AckProcessing;
  private readonly cut: Cut;
  private nowMs = 0;

  /** @param segments how many are in flight from the start to the end */
  constructor(segments: number) {
    this.segments = segments;
    const rtt = new RttEstimator();
    const { window, log, path, rate } = this;
    this.recovery = new Recovery(window, log, rtt, path, rate, NO_TRACE, 1);
    const peerWindow = new PeerWindow(FIRST_SEQ);
    this.acks = new AckProcessing(window, log, rtt, this.recovery, path, rate, peerWindow);
    this.cut = {
      flags: FLAG.DAT,
      error: 0,
      bytes: this.slab.bytes,
      slab: this.slab,
      offset: 0,
      length: PAYLOAD_BYTES,
    };
    // The opening message, whose number the receiver has seen too.
    log.record(0, KIND.CONTROL, -1);
    this.refill();
  }

  /** Acknowledgement number `index`, a round trip after the later of its two segments left. */
  handle(index: number, block: AckBlock): void {
    this.nowMs = RTT_MS + ((2 * index + 2) * RTT_MS) / this.segments;
    const violation = this.acks.handle(this.nowMs, FIRST_SEQ, 2 * this.segments, block);
    if (violation !== undefined) throw new Error(violation);
  }

  /** Repeats what is lost and sends new segments until the window is full again. */
  refill(): void {
    const wantedBytes = this.segments * (PAYLOAD_BYTES + 32);
    while (this.window.flightBytes < wantedBytes) {
      const lost = this.recovery.nextLost();
      if (lost >= 0) this.transmit(lost, this.nowMs);
      else this.transmit(this.append(), Math.max(this.nowMs, this.scheduleMs()));
    }
  }

  private append(): number {
    this.pool.retain(this.slab);
    return this.window.append(this.cut);
  }

  /** The first window leaves evenly over one round trip. */
  private scheduleMs(): number {
    return ((this.window.sndNxt - 1 - FIRST_SEQ) * RTT_MS) / this.segments;
  }

  private transmit(seq: number, nowMs: number): void {
    const before = this.window.flightBytes;
    const txn = this.log.record(nowMs, KIND.STREAM, seq);
    this.window.transmitted(nowMs, seq, txn, txn);
    this.path.flightBytes += this.window.flightBytes - before;
    const bytes = this.window.wireBytesOf(seq);
    this.rate.onSent(nowMs, seq, this.window.sndUna, bytes, this.path.flightBytes);
    this.path.isCwndLimited = true;
    this.recovery.onSent(nowMs);
  }

  /** The bench measures what it says: all told segments are settled, the hole alone was lost. */
  finish(told: number): void {
    assert(this.window.sndUna === FIRST_SEQ, 'the hole stands');
    assert(this.window.bytesSettled === told * PAYLOAD_BYTES, 'each segment told is settled');
    assert(this.recovery.episodes.fastRecoveries === 1, 'one loss, one recovery');
    assert(this.window.transmissionsOf(FIRST_SEQ) === 2, 'the hole was repeated once');
    assert(auditSendWindow(this.window) === undefined, 'the scoreboard adds up');
    this.window.clear();
  }
}
