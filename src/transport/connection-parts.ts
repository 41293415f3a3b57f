/** The parts of one connection and what they share; `connection.ts` is the facade over them. */
import type { Random } from '../util/random.ts';
import { ERROR } from '../wire/codes.ts';
import { type Parameters } from '../wire/parameters.ts';
import { wrap } from '../wire/serial.ts';
import { AckProcessing } from './ack-processing.ts';
import { AckTracker } from './ack-tracker.ts';
import { AddressChange } from './address-change.ts';
import { Closing } from './closing.ts';
import type { ConnectionConfig } from './config.ts';
import { DeliveryRate } from './congestion/delivery-rate.ts';
import { newCounters } from './counters.ts';
import { Inbox } from './inbox.ts';
import { KeyLifetime } from './key-lifetime.ts';
import { Liveness } from './liveness.ts';
import { Opening } from './opening.ts';
import { PathGroup } from './path-group.ts';
import { PeerWindow } from './peer-window.ts';
import { firstWindow } from './receive-grant.ts';
import { ReceiveWindow } from './receive-window.ts';
import { Recovery } from './recovery.ts';
import { RttEstimator } from './rtt-estimator.ts';
import type { Handshake } from './protection.ts';
import type { Sealer } from './seal.ts';
import { SegmentWriter } from './segment-writer.ts';
import { SendQueue } from './send-queue.ts';
import { SendWindow } from './send-window.ts';
import type { SharedResources } from './shared-resources.ts';
import { SizeProbes } from './size-probes.ts';
import type { TraceSink } from './trace.ts';
import { KIND, TransmissionLog } from './transmission-log.ts';
import type { CloseReason, PeerAddress } from './types.ts';

/** A transmission number is skipped once per this many, drawn anew each time (P-TXN-05). */
const SKIP_EVERY: readonly [number, number] = [64, 512];
/** An acknowledgement held back longer than this share of a round trip slows a small window. */
const ACK_DELAY_SHARE = 1 / 32;
const MIN_ACK_DELAY_MS = 1;

export class ConnectionParts {
  readonly id: number;
  readonly initiator: boolean;
  readonly config: ConnectionConfig;
  readonly shared: SharedResources;
  readonly handshake: Handshake;
  readonly trace: TraceSink;
  /** Where datagrams go; a responder's peer may move (`address-change.ts`). */
  peer: PeerAddress;
  readonly addressChange = new AddressChange();
  readonly initialSeq: number;
  readonly log: TransmissionLog;
  readonly window: SendWindow;
  readonly queue: SendQueue;
  readonly rtt = new RttEstimator();
  readonly rate = new DeliveryRate();
  readonly path: PathGroup;
  readonly recovery: Recovery;
  readonly peerWindow: PeerWindow;
  readonly acks: AckProcessing;
  readonly writer: SegmentWriter;
  readonly keyLifetime: KeyLifetime;
  readonly opening: Opening;
  readonly closing = new Closing();
  readonly inbox: Inbox;
  readonly liveness: Liveness;
  readonly counters = newCounters();
  /** Absent until the peer's first numbers are known. */
  tracker: AckTracker | undefined;
  receive: ReceiveWindow | undefined;
  readonly sizes: SizeProbes;
  /** Why the connection is over for the application; set once. */
  reason: CloseReason | undefined;
  /** Nothing is left to say to the peer; the endpoint may forget the connection. */
  isGone = false;
  isEstablishedNews = false;
  isPeerFinishedNews = false;
  isClosedNews = false;
  /** What the initiator's third message says about who it is. */
  login: Uint8Array | undefined;
  private untilSkip: number;
  private readonly random: Random;

  constructor(
    nowMs: number,
    id: number,
    initiator: boolean,
    peer: PeerAddress,
    config: ConnectionConfig,
    shared: SharedResources,
    handshake: Handshake,
  ) {
    this.id = id;
    this.initiator = initiator;
    this.peer = peer;
    this.config = config;
    this.shared = shared;
    this.handshake = handshake;
    this.trace = shared.trace;
    this.random = shared.random;
    this.initialSeq = shared.initialSeq ?? this.random.uint32();
    this.log = new TransmissionLog(shared.initialTxn ?? this.random.uint32());
    this.untilSkip = this.random.integer(...SKIP_EVERY);
    this.window = new SendWindow(this.initialSeq, shared.sendPool);
    this.queue = new SendQueue(config.sendQueueBytes, shared.sendPool);
    const { window, log, rtt, rate } = this;
    this.path = new PathGroup(config, this.random);
    this.recovery = new Recovery(window, log, rtt, this.path, rate, this.trace, id);
    this.recovery.maxAckDelayMs = config.maxAckDelayMs;
    this.peerWindow = new PeerWindow(this.initialSeq);
    const { recovery, path, peerWindow } = this;
    this.acks = new AckProcessing(window, log, rtt, recovery, path, rate, peerWindow);
    this.writer = new SegmentWriter(handshake.sealer);
    this.keyLifetime = new KeyLifetime(this.log, this.recovery, this.writer);
    const { version } = shared.protection;
    this.opening = new Opening(initiator, this.writer, handshake, version, config.controlCopies);
    this.inbox = Inbox.open(config, shared.receivePool);
    this.sizes = new SizeProbes(this);
    this.liveness = new Liveness(
      nowMs,
      config.patienceMs,
      config.keepAliveMs,
      config.idleMs,
      initiator,
    );
  }

  /** Protects and opens every segment but those of the opening. */
  get sealer(): Sealer {
    return this.handshake.sealer;
  }

  /** Largest datagram sent; follows what the path proves to carry. */
  get segmentBytes(): number {
    return this.recovery.mtu.segmentBytes;
  }

  get isEstablished(): boolean {
    return this.receive !== undefined && this.opening.state !== 'synReceived';
  }

  /** Number of the next transmission; now and then one is skipped, to catch a peer that invents. */
  nextTxn(nowMs: number, kind: number, seq: number): number {
    this.keyLifetime.beforeTransmission(nowMs);
    this.untilSkip -= 1;
    if (this.untilSkip <= 0) {
      this.untilSkip = this.random.integer(...SKIP_EVERY);
      this.log.record(nowMs, KIND.SKIPPED, -1);
    }
    return this.log.record(nowMs, kind, seq);
  }

  /** Notes that `seq` left in transmissions `firstTxn … txn`, in the window and on the path. */
  noteTransmission(nowMs: number, seq: number, firstTxn: number, txn: number): void {
    const { window, path, counters, rate } = this;
    const flightBefore = window.flightBytes;
    const bytes = window.wireBytesOf(seq);
    if (window.transmissionsOf(seq) > 0) counters.segmentsRetransmitted += 1;
    path.onSent(nowMs, bytes, rate.isAppLimited);
    window.transmitted(nowMs, seq, firstTxn, txn);
    path.flightBytes += window.flightBytes - flightBefore;
    rate.onSent(nowMs, seq, window.sndUna, bytes, path.flightBytes);
    counters.segmentsSent += 1;
  }

  /**
   * Our own parameters, as told in every handshake message.
   * @param login for the third alone: the SYN is in the clear, and the peer unproven
   */
  ownParameters(login?: Uint8Array): Parameters {
    const { config } = this;
    return {
      segmentBytes: this.sizes.acceptBytes,
      windowSegments: this.receive?.window() ?? this.firstWindow(),
      creditBytes: this.inbox.windowBytes,
      ackEverySegments: config.ackEverySegments,
      maxAckDelayMs: this.recovery.maxAckDelayMs,
      patienceMs: config.patienceMs === Infinity ? 0 : config.patienceMs,
      capabilities: 0,
      firstFlags: 0,
      firstStart: 0,
      firstEnd: 0,
      resetToken: this.ownResetToken(this.peer),
      login,
    };
  }

  /** P-MOVE-04: the peer has proved to be at `peer` now; another port alone is no other path. */
  move(nowMs: number, peer: PeerAddress): void {
    const isSameHost = peer.address === this.peer.address;
    this.peer = peer;
    this.recovery.episodes.onPathChange();
    if (!isSameHost) {
      this.sizes.onPathChange();
      this.path.reset(this.segmentBytes);
      this.rtt.reset();
    }
    if (this.trace.enabled) this.trace.record(nowMs, this.id, { kind: 'moved', to: peer.key });
  }

  /** What a reset of this connection will show to the initiator at `peer`. */
  ownResetToken(peer: PeerAddress): Uint8Array | undefined {
    if (this.initiator) return undefined;
    const { sourcePort, destinationPort } = this.writer;
    return this.shared.resetTokens?.make(peer, sourcePort, destinationPort);
  }

  private get maxReceivedPayloadBytes(): number {
    return this.writer.maxPayloadBytes(this.sizes.acceptBytes);
  }

  private firstWindow(): number {
    const { receiveWindowSegments } = this.config;
    return firstWindow(receiveWindowSegments, this.inbox.windowBytes, this.maxReceivedPayloadBytes);
  }

  /** The peer's first numbers and parameters are known: both directions can run. */
  meet(peerSeq: number, peerTxn: number, parameters: Parameters): void {
    const { config } = this;
    this.sizes.begin(parameters.segmentBytes);
    const { ackEverySegments, maxAckDelayMs } = parameters;
    const { receiveWindowSegments } = config;
    this.tracker = new AckTracker(
      peerTxn,
      receiveWindowSegments,
      ackEverySegments,
      maxAckDelayMs,
      this.shared.protection.epochTxns,
    );
    this.agreeOnAcks(parameters);
    this.receive = new ReceiveWindow(
      peerSeq,
      this.inbox,
      this.shared.earlyPool,
      this.maxReceivedPayloadBytes,
      config.receiveWindowSegments,
      this.inbox.windowBytes,
    );
    this.peerWindow.update(this.initialSeq + parameters.windowSegments, parameters.creditBytes);
  }

  /**
   * The peer's wish for acknowledgements of its data. With a round trip known, a 32nd of it is
   * the longest delay, whoever asks: for our acknowledgements, and for those we ask for.
   */
  agreeOnAcks(parameters: Parameters): void {
    const share = Math.max(MIN_ACK_DELAY_MS, this.rtt.leastMs * ACK_DELAY_SHARE);
    this.tracker?.setPolicy(parameters.ackEverySegments, Math.min(parameters.maxAckDelayMs, share));
    this.recovery.maxAckDelayMs = Math.min(this.config.maxAckDelayMs, share);
  }

  /** Whether every segment of ours is acknowledged or abandoned. */
  get isDrained(): boolean {
    return this.queue.isEmpty && this.window.count === 0;
  }

  /** Gives up what is unsent and unacknowledged. */
  abandon(): void {
    this.path.flightBytes -= this.window.flightBytes;
    this.queue.clear();
    this.window.clear();
  }

  /**
   * Ends the connection for the application with `reason`. With a `code` the peer is told by a
   * closing message; without, nothing more is said.
   */
  end(reason: CloseReason, code: number | undefined): void {
    if (this.reason === undefined) {
      this.reason = reason;
      this.isClosedNews = true;
    }
    if (code === undefined || !this.isEstablished) this.isGone = true;
    else this.closing.want(code);
    if (reason.kind !== 'finished') this.abandon();
    if (this.isGone) this.release();
  }

  /**
   * Gives pooled bytes back, when the endpoint forgets the connection. After an orderly end all
   * that the peer sent is here, and stays until the application has read it.
   */
  release(): void {
    this.abandon();
    this.receive?.clear();
    this.handshake.wipe();
    if (this.reason?.kind !== 'finished') this.inbox.clear();
  }

  /** The peer broke `rule`. */
  violate(rule: string): void {
    this.end({ kind: 'violation', by: 'peer', rule }, ERROR.PROTOCOL);
  }

  /** Puts the current `rcvNxt` and window into the next segment's header. */
  stampReceiveState(): void {
    if (this.receive === undefined) return;
    this.writer.ack = wrap(this.receive.rcvNxt);
    this.writer.windowSegments = this.receive.window();
  }
}
