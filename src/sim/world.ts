/**
 * The simulated world: hosts, the links between them, and one virtual clock.
 *
 * Time jumps to the next thing that happens: a datagram arrives, an endpoint's timer fires, an
 * application wakes, or the scenario changes something. Everything is decided by seeds, so the
 * same world runs the same way on every machine; `traceHash` says whether it did.
 */
import type { Random } from '../util/random.ts';
import { check } from './failure.ts';
import type { Host, Way } from './host.ts';
import type { Link } from './link.ts';

/** Datagrams that one host may send without the clock moving. */
const MAX_DATAGRAMS_PER_TURN = 200_000;
/** Rounds of "drain, deliver events, drain again" without the clock moving. */
const MAX_ROUNDS_PER_TURN = 100_000;

export interface WorldObserver {
  onSent?(nowMs: number, way: Way, datagram: Uint8Array): void;
  /** After the link has taken the datagram, or not. */
  onTaken?(nowMs: number, way: Way, datagram: Uint8Array, isCarried: boolean): void;
  onDelivered?(nowMs: number, way: Way, datagram: Uint8Array): void;
  /** After every host's turn. */
  onTurn?(nowMs: number, host: Host): void;
}

interface Action {
  readonly atMs: number;
  readonly run: (nowMs: number) => void;
}

export class World {
  nowMs = 0;
  /** Moments visited, and turns of hosts in them, so far. */
  steps = 0;
  turns = 0;
  datagrams = 0;
  /** Datagrams that came to the wrong host. */
  misdelivered = 0;
  /** Probability that a datagram comes to another host as well. */
  misdelivery = 0;
  readonly hosts: Host[] = [];
  readonly ways: Way[] = [];
  private readonly observers: WorldObserver[] = [];
  private readonly actions: Action[] = [];
  private readonly random: Random;
  private readonly touched = new Set<Host>();
  private hashA = 0x811c9dc5;
  private hashB = 0x1b873593;

  /** @param random decides misdelivery, nothing else */
  constructor(random: Random) {
    this.random = random;
  }

  addHost(host: Host): void {
    this.hosts.push(host);
  }

  connect(from: Host, to: Host, link: Link): void {
    const way = { from, to, link };
    from.routes.set(to.address, way);
    this.ways.push(way);
  }

  observe(observer: WorldObserver): void {
    this.observers.push(observer);
  }

  /** Runs `run` once at `atMs`, before anything else of that moment. */
  schedule(atMs: number, run: (nowMs: number) => void): void {
    let index = this.actions.length;
    while (index > 0 && this.actions[index - 1]!.atMs > atMs) index -= 1;
    this.actions.splice(index, 0, { atMs, run });
  }

  /** Lets a host run now, for example after a call from outside. */
  touch(host: Host): void {
    this.touched.add(host);
  }

  /** Stops a host from running until `untilMs`; what arrives waits. */
  pause(host: Host, untilMs: number): void {
    host.pausedUntilMs = Math.max(host.pausedUntilMs, untilMs);
  }

  /** 64 bits over every datagram sent: when, by whom, and its first 32 bytes. */
  get traceHash(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.hashA) + hex(this.hashB);
  }

  /** When something happens next; Infinity = never. */
  nextMs(): number {
    let next = this.actions[0]?.atMs ?? Infinity;
    for (const host of this.hosts) {
      const wantedMs = this.touched.has(host) ? this.nowMs : host.dueMs;
      const dueMs = wantedMs > host.pausedUntilMs ? wantedMs : host.pausedUntilMs;
      if (wantedMs < Infinity && dueMs < next) next = dueMs;
    }
    for (const { link, to } of this.ways) {
      const atMs = link.nextDeliveryMs();
      if (atMs === Infinity) continue;
      const seenMs = atMs > to.pausedUntilMs ? atMs : to.pausedUntilMs;
      if (seenMs < next) next = seenMs;
    }
    return Math.max(next, this.nowMs);
  }

  /** Goes on to the next moment at which something happens; false if none comes by `untilMs`. */
  step(untilMs = Infinity): boolean {
    const nextMs = this.nextMs();
    if (nextMs > untilMs || nextMs === Infinity) return false;
    this.nowMs = nextMs;
    this.steps += 1;
    while (this.actions.length > 0 && this.actions[0]!.atMs <= nextMs) {
      this.actions.shift()!.run(nextMs);
    }
    for (const way of this.ways) this.deliver(way);
    for (const host of this.hosts) {
      if (host.pausedUntilMs > nextMs) continue;
      if (host.dueMs <= nextMs || this.touched.has(host)) this.turn(host);
    }
    return true;
  }

  private deliver(way: Way): void {
    const { link, to, from } = way;
    const nowMs = this.nowMs;
    if (to.pausedUntilMs > nowMs || link.nextDeliveryMs() > nowMs) return;
    for (;;) {
      const datagram = link.deliver(nowMs);
      if (datagram === undefined) break;
      if (this.random.chance(this.misdelivery)) this.misdeliver(from, to, datagram);
      for (const observer of this.observers) {
        observer.onDelivered?.(nowMs, way, datagram);
      }
      to.endpoint.handleDatagram(nowMs, from.address, datagram);
    }
    this.touched.add(to);
  }

  /** A copy of the datagram comes to some other host, as if from the same sender. */
  private misdeliver(from: Host, to: Host, datagram: Uint8Array): void {
    const other = this.hosts[this.random.integer(0, this.hosts.length - 1)]!;
    if (other === to || other === from || other.pausedUntilMs > this.nowMs) return;
    this.misdelivered += 1;
    other.endpoint.handleDatagram(this.nowMs, from.address, datagram.slice());
    this.touched.add(other);
  }

  /** One host runs until nothing is left to do at this moment. */
  private turn(host: Host): void {
    const nowMs = this.nowMs;
    this.touched.delete(host);
    this.turns += 1;
    let sent = 0;
    for (let round = 0; ; round += 1) {
      check(round < MAX_ROUNDS_PER_TURN, 'spin', () => `host ${host.index} does not come to rest`);
      host.takeWake();
      host.endpoint.handleTimeout(nowMs);
      while (host.endpoint.pollTransmit(nowMs, host.slot)) {
        sent += 1;
        check(sent < MAX_DATAGRAMS_PER_TURN, 'spin', () => `host ${host.index} sends without end`);
        this.send(host);
      }
      const hadEvents = host.deliverEvents(nowMs);
      const hasWorked = host.wakeParties(nowMs);
      if (!hadEvents && !hasWorked && !host.takeWake()) break;
    }
    const nextMs = host.endpoint.nextTimeout();
    check(nextMs > nowMs, 'deadline', () => `host ${host.index}: timer at ${nextMs} is not ahead`);
    host.rearm();
    for (const observer of this.observers) observer.onTurn?.(nowMs, host);
  }

  private send(host: Host): void {
    const { slot } = host;
    const datagram = slot.buffer.subarray(0, slot.length);
    this.datagrams += 1;
    this.fold(host, datagram);
    const way = host.routes.get(slot.peer);
    check(way !== undefined, 'wire', () => `host ${host.index} sends to ${slot.peer.key}`);
    for (const observer of this.observers) observer.onSent?.(this.nowMs, way!, datagram);
    const isCarried = way!.link.send(this.nowMs, datagram);
    for (const observer of this.observers) {
      observer.onTaken?.(this.nowMs, way!, datagram, isCarried);
    }
  }

  private fold(host: Host, datagram: Uint8Array): void {
    const micros = Math.round(this.nowMs * 1_000);
    let a = Math.imul(this.hashA ^ (micros >>> 0) ^ (host.index << 24), 0x01000193);
    let b = Math.imul(this.hashB ^ datagram.length, 0x85ebca6b);
    const length = Math.min(datagram.length & ~3, 32);
    for (let i = 0; i < length; i += 4) {
      const word =
        (datagram[i]! << 24) |
        (datagram[i + 1]! << 16) |
        (datagram[i + 2]! << 8) |
        datagram[i + 3]!;
      a = Math.imul((a << 5) | (a >>> 27), 0x01000193) ^ word;
      b = Math.imul(b ^ word, 0x5bd1e995) ^ (b >>> 13);
    }
    this.hashA = a;
    this.hashB = b;
  }
}
