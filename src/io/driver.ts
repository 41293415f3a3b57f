/**
 * The one loop between an endpoint and a socket.
 *
 * Datagrams are handed over as they come; what the endpoint has to say is fetched once per turn of
 * the event loop, so that one acknowledgement covers a whole batch. There is one timer, for the
 * endpoint's earliest deadline, however many connections there are.
 *
 * A turn: timeouts that are due, transmits until there are none, events, the timer.
 */
import type { ConnectionEvent, PeerAddress } from '../transport/types.ts';
import type { Clock } from './clock.ts';
import type { DrivenConnection, DrivenEndpoint } from './driven.ts';
import type { Train } from './train.ts';
import { TrainPool } from './train-pool.ts';

/** Datagrams sent in one turn; then timers, disks and incoming datagrams have theirs. */
export const DATAGRAMS_PER_TURN = 256;

/** Datagrams left to the socket's own queue before the endpoint is asked for no more… */
export const SEND_QUEUE_DATAGRAMS = 64;
/** …and where trains leave: while one waits, the kernel cannot be told to cut another. */
const SEND_QUEUE_TRAINS = 1;

/** Longest sleep of the timer; `setTimeout` takes no more than 24 days. */
export const MAX_TIMER_MS = 86_400_000;

/** A long drain takes a while, and the time of sending is what round trips are measured from. */
const DATAGRAMS_PER_CLOCK_READING = 8;

/** How soon to look again whether a full socket takes more. */
const FULL_RETRY_MS = 1;

/** A broken invariant that strikes in every turn must not take the whole processor. */
const ERROR_PAUSE_MS = 100;

export interface DriverSocket {
  readonly queuedDatagrams: number;
  readonly takesTrains: boolean;
  send(train: Train, watched: boolean): boolean;
}

export interface DriverOptions {
  readonly clock: Clock;
  readonly onEvent: (connection: DrivenConnection, event: ConnectionEvent) => void;
  /** Programmer errors found in a turn; without it they are thrown and end the process. */
  readonly onError?: ((error: Error) => void) | undefined;
}

type Drained = 'dry' | 'capped' | 'full';

export class Driver {
  private readonly options: DriverOptions;
  private readonly pool = new TrainPool();
  private readonly turnEnds = new Set<() => void>();
  private readonly runTurn = (): void => this.turn();
  private readonly runTimer = (): void => {
    this.timer = undefined;
    this.turn();
  };
  private endpoint: DrivenEndpoint | undefined;
  private socket: DriverSocket | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private timer: NodeJS.Timeout | undefined;
  private timerAtMs = Infinity;
  private isRunning = false;
  private again = false;
  private isClosed = false;
  private isBlocked = false;
  /** Of the turn: what waits in the socket, how much may, and whether nothing was sent yet. */
  private queued = 0;
  private mostQueued = 0;
  private isFirst = true;
  /** Turns so far: work is proportional to what happens, and idle means none. */
  turns = 0;

  constructor(options: DriverOptions) {
    this.options = options;
  }

  /** Completes the circle: the endpoint needs `wake`, and the socket needs `handleDatagram`. */
  attach(endpoint: DrivenEndpoint, socket: DriverSocket): void {
    this.endpoint = endpoint;
    this.socket = socket;
  }

  /** "There is output": safe to call from anywhere, also from within a turn. */
  readonly wake = (): void => {
    if (this.isRunning) this.again = true;
    else this.schedule();
  };

  readonly handleDatagram = (datagram: Uint8Array, peer: PeerAddress): void => {
    if (this.isClosed || this.endpoint === undefined) return;
    this.schedule();
    try {
      this.endpoint.handleDatagram(this.options.clock.nowMs(), peer, datagram);
    } catch (error) {
      this.report(error);
    }
  };

  /** The socket's queue is empty again. */
  readonly handleDrained = (): void => {
    if (this.isBlocked) this.schedule();
  };

  /** `ended` is called after every turn until it is taken out with {@link offTurnEnd}. */
  onTurnEnd(ended: () => void): void {
    this.turnEnds.add(ended);
  }

  offTurnEnd(ended: () => void): void {
    this.turnEnds.delete(ended);
  }

  /** Runs a turn at once: the last words before the socket closes. */
  flush(): void {
    if (!this.isRunning) this.turn();
  }

  /** No turn runs from now on. The socket is its owner's to close. */
  close(): void {
    this.isClosed = true;
    clearImmediate(this.immediate);
    clearTimeout(this.timer);
    this.turnEnds.clear();
  }

  private schedule(): void {
    if (this.immediate !== undefined || this.isClosed) return;
    this.immediate = setImmediate(this.runTurn);
  }

  private turn(): void {
    clearImmediate(this.immediate);
    this.immediate = undefined;
    const { endpoint, socket } = this;
    if (this.isClosed || endpoint === undefined || socket === undefined) return;
    this.turns += 1;
    this.isRunning = true;
    this.again = false;
    let pauseMs = 0;
    try {
      const nowMs = this.options.clock.nowMs();
      if (endpoint.nextTimeout() <= nowMs) endpoint.handleTimeout(nowMs);
      const drained = this.drain(endpoint, socket, nowMs);
      this.isBlocked = drained === 'full';
      if (this.isBlocked) pauseMs = FULL_RETRY_MS;
      if (drained === 'capped') this.again = true;
      this.deliver(endpoint);
      for (const ended of this.turnEnds) ended();
    } catch (error) {
      pauseMs = ERROR_PAUSE_MS;
      this.report(error);
    } finally {
      this.isRunning = false;
    }
    this.rearm(endpoint, pauseMs);
  }

  private drain(endpoint: DrivenEndpoint, socket: DriverSocket, startMs: number): Drained {
    const { clock } = this.options;
    const { pool } = this;
    let nowMs = startMs;
    this.mostQueued = socket.takesTrains ? SEND_QUEUE_TRAINS : SEND_QUEUE_DATAGRAMS;
    this.queued = this.recoverParked(socket);
    this.isFirst = true;
    for (let polled = 0; polled < DATAGRAMS_PER_TURN; polled += 1) {
      if (this.queued >= this.mostQueued) return 'full';
      const train = pool.current();
      if (train.isFull()) {
        // It began with what did not fit into the one before.
        this.ship(socket);
        continue;
      }
      if (polled % DATAGRAMS_PER_CLOCK_READING === 0 && polled > 0) nowMs = clock.nowMs();
      if (!endpoint.pollTransmit(nowMs, train)) {
        this.ship(socket);
        return 'dry';
      }
      if (!train.take()) {
        const next = pool.spareWith(train);
        this.ship(socket);
        pool.goOnWith(next);
      } else if (!socket.takesTrains || train.isFull()) this.ship(socket);
    }
    this.ship(socket);
    return 'capped';
  }

  /** Sends the current train, unless the socket is full: then it waits for a later turn. */
  private ship(socket: DriverSocket): void {
    const train = this.pool.current();
    if (train.count === 0 || this.queued >= this.mostQueued) return;
    // The first of a turn is watched: an idle path shows every failure, a busy one a sample.
    if (socket.send(train, this.isFirst)) train.clear();
    else {
      this.pool.park();
      this.queued = socket.queuedDatagrams;
    }
    this.isFirst = false;
  }

  /** @returns datagrams that wait in the socket's queue */
  private recoverParked(socket: DriverSocket): number {
    if (this.pool.parkedCount === 0) return 0;
    const queued = socket.queuedDatagrams;
    if (queued === 0) this.pool.recoverParked();
    return queued;
  }

  private deliver(endpoint: DrivenEndpoint): void {
    for (;;) {
      const next = endpoint.pollEvent();
      if (next === undefined) return;
      this.options.onEvent(next.connection, next.event);
    }
  }

  private rearm(endpoint: DrivenEndpoint, pauseMs: number): void {
    if (this.isClosed) return;
    const nowMs = this.options.clock.nowMs();
    if (pauseMs > 0) {
      // Whatever else is due waits for the pause: the socket takes nothing before.
      this.arm(nowMs, nowMs + pauseMs);
      return;
    }
    const dueMs = endpoint.nextTimeout();
    if (this.again || dueMs <= nowMs) this.schedule();
    else this.arm(nowMs, dueMs);
  }

  /**
   * A timer that fires too early costs one short turn; replacing it each time a deadline moves
   * back would cost more. So only an earlier deadline replaces it.
   */
  private arm(nowMs: number, dueMs: number): void {
    if (dueMs === Infinity) return;
    if (this.timer !== undefined) {
      if (this.timerAtMs <= dueMs) return;
      clearTimeout(this.timer);
    }
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(dueMs - nowMs)));
    this.timerAtMs = dueMs;
    this.timer = setTimeout(this.runTimer, delayMs);
  }

  private report(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (this.options.onError === undefined) throw error;
    this.options.onError(error);
  }
}
