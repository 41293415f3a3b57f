/** Two real endpoints in virtual time; a predicate decides the fate of every datagram. */
import type { Connection } from '../../../src/transport/connection.ts';
import type { Seen } from './segments.ts';
import { type App, Station, type StationOptions } from './station.ts';

export type Direction = 'up' | 'down';

/**
 * Delays of the copies that arrive: none for a lost datagram, two for a repeated one; undefined
 * for the ordinary delay. `index` counts the datagrams of the direction from 0.
 */
export type Route = (
  segment: Seen,
  direction: Direction,
  index: number,
) => readonly number[] | undefined;

interface Flying {
  readonly atMs: number;
  readonly to: Direction;
  readonly bytes: Uint8Array;
}

export interface CoupleOptions {
  delayMs?: number;
  client?: StationOptions;
  server?: StationOptions;
  route?: Route;
}

export class Couple {
  nowMs = 0;
  readonly client: Station;
  readonly server: Station;
  readonly delayMs: number;
  route: Route;
  private readonly flying: Flying[] = [];
  private readonly counts = { up: 0, down: 0 };

  constructor(options: CoupleOptions = {}) {
    this.client = new Station({ host: 1, ...options.client });
    this.server = new Station({ host: 2, ...options.server });
    this.delayMs = options.delayMs ?? 10;
    this.route = options.route ?? (() => undefined);
  }

  /** Opens a connection from the client; nothing has arrived yet. */
  connect(): Connection {
    return this.client.endpoint.connect(this.nowMs, this.server.address);
  }

  get accepted(): Connection {
    return this.server.newest;
  }

  appOf(connection: Connection): App {
    return (connection.initiator ? this.client : this.server).appOf(connection);
  }

  private launch(batch: readonly Seen[], to: Direction): void {
    for (const segment of batch) {
      const index = this.counts[to];
      this.counts[to] += 1;
      for (const delayMs of this.route(segment, to, index) ?? [this.delayMs]) {
        this.flying.push({ atMs: this.nowMs + delayMs, to, bytes: segment.bytes });
      }
    }
  }

  private work(): void {
    this.client.nowMs = this.nowMs;
    this.server.nowMs = this.nowMs;
    for (const station of [this.client, this.server]) {
      if (station.endpoint.nextTimeout() <= this.nowMs) station.endpoint.handleTimeout(this.nowMs);
      this.launch(station.drain(), station === this.client ? 'up' : 'down');
    }
  }

  /** What happens next; false when nothing does by `limitMs`. */
  private step(limitMs: number): boolean {
    this.work();
    const first = this.flying.reduce((least, { atMs }) => Math.min(least, atMs), Infinity);
    const timers = [this.client, this.server].map(({ endpoint }) => endpoint.nextTimeout());
    const next = Math.min(first, ...timers);
    if (next > limitMs) return false;
    this.nowMs = Math.max(this.nowMs, next);
    this.client.nowMs = this.nowMs;
    this.server.nowMs = this.nowMs;
    for (let i = 0; i < this.flying.length;) {
      if (this.flying[i]!.atMs > this.nowMs) i += 1;
      else this.land(...(this.flying.splice(i, 1) as [Flying]));
    }
    this.work();
    return true;
  }

  private land({ to, bytes }: Flying): void {
    const [station, from] = to === 'up' ? [this.server, this.client] : [this.client, this.server];
    station.endpoint.handleDatagram(this.nowMs, from.address, bytes);
  }

  /** Runs for `ms`; everything that happens by then has happened. */
  run(ms: number): void {
    const limitMs = this.nowMs + ms;
    while (this.step(limitMs));
    this.nowMs = limitMs;
  }

  /** Runs until `isDone`, at most `limitMs` from now; tells whether it is. */
  runUntil(isDone: () => boolean, limitMs = 600_000): boolean {
    const until = this.nowMs + limitMs;
    while (!isDone()) if (!this.step(until)) return isDone();
    return true;
  }

  /** Everything a direction carried, lost datagrams too. */
  sent(direction: Direction): Seen[] {
    return direction === 'up' ? this.client.sent : this.server.sent;
  }
}

/** A couple whose connection is open on both sides. */
export function openCouple(options: CoupleOptions = {}): {
  couple: Couple;
  near: Connection;
  far: Connection;
} {
  const couple = new Couple(options);
  const near = couple.connect();
  const isOpen = (): boolean =>
    near.state === 'established' &&
    [...couple.server.endpoint.connections()].some(({ state }) => state === 'established');
  if (!couple.runUntil(isOpen)) throw new Error('the connection did not open');
  // The acknowledgement of the third message settles the initiator too.
  couple.run(couple.delayMs);
  return { couple, near, far: couple.accepted };
}
