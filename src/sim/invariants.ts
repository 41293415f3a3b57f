/** What must hold after every turn, and what must hold when all is over. */
import type { Connection } from '../transport/connection.ts';
import { EARLY_POOL_BYTES, type Simulation } from './build-world.ts';
import { check } from './failure.ts';
import { HOST_POOL_BYTES, type Host } from './host.ts';
import type { Party } from './party.ts';
import type { WorldObserver } from './world.ts';

/** The costly checks run on every so manieth turn. */
const AUDIT_EVERY_TURNS = 29;

/** Rounding of the growth rule below: what one acknowledgement may add beyond a doubling. */
const GROWTH_SLACK_BYTES = 8_192;
/** The growth rule looks at every connection of a host, so only at hosts with few. */
const MAX_WATCHED_CONNECTIONS = 16;

interface Growth {
  readonly initialBytes: number;
  mostFlightBytes: number;
}

export class Invariants implements WorldObserver {
  /** Connections that were seen with a closed window of the peer. */
  zeroWindows = 0;
  private turns = 0;
  private readonly growths = new WeakMap<Connection, Growth>();
  private readonly auditEveryTurns: number;

  constructor(auditEveryTurns = AUDIT_EVERY_TURNS) {
    this.auditEveryTurns = auditEveryTurns;
  }

  onTurn(_nowMs: number, host: Host): void {
    const { sendPool, receivePool } = host;
    const isWithin =
      sendPool.usedBytes <= HOST_POOL_BYTES &&
      receivePool.usedBytes <= HOST_POOL_BYTES &&
      sendPool.usedBytes >= 0 &&
      receivePool.usedBytes >= 0;
    check(isWithin, 'leak', () => `host ${host.index}: a pool is out of its bounds`);
    if (host.endpoint.connectionCount <= MAX_WATCHED_CONNECTIONS) {
      for (const connection of host.endpoint.connections()) this.watchGrowth(host, connection);
    }
    this.turns += 1;
    if (this.turns % this.auditEveryTurns === 0) this.audit(host);
  }

  /** A window grows by use only: it may double what was ever in flight, and no more. */
  private watchGrowth(host: Host, connection: Connection): void {
    const { cwndBytes, flightSizeBytes } = connection.stats();
    let growth = this.growths.get(connection);
    if (growth === undefined) {
      growth = { initialBytes: cwndBytes, mostFlightBytes: 0 };
      this.growths.set(connection, growth);
    }
    growth.mostFlightBytes = Math.max(growth.mostFlightBytes, flightSizeBytes);
    const mostBytes = 2 * growth.mostFlightBytes + GROWTH_SLACK_BYTES;
    check(
      cwndBytes <= Math.max(growth.initialBytes, mostBytes),
      'growth',
      () => `host ${host.index}: cwnd ${cwndBytes}, never more than ${growth.mostFlightBytes} used`,
    );
  }

  /** The transport's own books: flight size, lists, pools. */
  audit(host: Host): void {
    const { earlyBytes } = host.endpoint.stats();
    check(
      earlyBytes >= 0 && earlyBytes <= EARLY_POOL_BYTES,
      'audit',
      () => `host ${host.index}: ${earlyBytes} early bytes`,
    );
    const peers = new Set<string>();
    for (const connection of host.endpoint.connections()) {
      this.auditConnection(host, connection);
      const { peer, remotePort } = connection;
      const isNew = remotePort === 0 || !peers.has(`${peer.key}/${remotePort}`);
      check(isNew, 'wire', () => `host ${host.index}: two connections with port ${remotePort}`);
      peers.add(`${peer.key}/${remotePort}`);
    }
  }

  private auditConnection(host: Host, connection: Connection): void {
    const problem = connection.audit();
    check(problem === undefined, 'audit', () => `host ${host.index}: ${problem}`);
    const { peerWindowSegments, state } = connection.stats();
    if (peerWindowSegments === 0 && state === 'established') this.zeroWindows += 1;
  }
}

/** Every job done, every connection ended as it should. @returns how many missed the goodbye */
export function checkEndings(simulation: Simulation): number {
  let missed = 0;
  for (const party of simulation.asking) {
    if (checkEnding(party, party.closeMode === 'abort')) missed += 1;
  }
  for (const party of simulation.answering) {
    if (checkEnding(party, party.closeMode === 'abort' || !party.isGreeted)) missed += 1;
  }
  return missed;
}

/**
 * A side that has ended, and has everything, may lose its peer's last word: the peer repeats that
 * so many times, and leaves. Then patience ends the wait, and no byte is in doubt.
 */
function checkEnding(party: Party, mayAbort: boolean): boolean {
  const reason = party.closedBy;
  check(reason !== undefined, 'unfinished', () => party.describe());
  if (mayAbort) return false;
  const text = (): string => `${party.describe()} closed by ${JSON.stringify(reason)}`;
  check(party.isComplete, 'ending', text);
  if (reason?.kind === 'finished') return false;
  check(reason?.kind === 'timedOut' && party.hasEnded, 'ending', text);
  return true;
}

/** No side took in more datagrams than the other sent: a copy counts once. */
export function checkCopies(simulation: Simulation): void {
  for (const { connection: asking } of simulation.asking) {
    const match = simulation.answering.find(
      ({ connection }) =>
        connection.localPort === asking.remotePort && connection.remotePort === asking.localPort,
    );
    if (match === undefined) continue;
    const here = asking.stats();
    const there = match.connection.stats();
    const isSound =
      here.datagramsReceived <= there.datagramsSent &&
      there.datagramsReceived <= here.datagramsSent;
    check(isSound, 'wire', () => `port ${asking.localPort}: more datagrams taken in than sent`);
  }
}

/** Nothing is left behind: no connection, timer, pool byte or port at rest. */
export function checkEmpty(simulation: Simulation): void {
  for (const host of simulation.world.hosts) {
    const { endpoint, sendPool, receivePool, index } = host;
    const { earlyBytes, drops } = endpoint.stats();
    const left = {
      connections: endpoint.connectionCount,
      quiet: endpoint.quietCount,
      sendPoolBytes: sendPool.usedBytes,
      receivePoolBytes: receivePool.usedBytes,
      earlyBytes,
      timers: endpoint.nextTimeout() === Infinity ? 0 : 1,
      outsideWindow: drops.outsideWindow,
      // Segments in pieces have a cap of their own, which a large transfer may reach.
      noMemory: simulation.scenario.faults.has('mtu') ? 0 : drops.noMemory,
    };
    for (const [name, count] of Object.entries(left)) {
      check(count === 0, 'leak', () => `host ${index}: ${name} is ${count} in the end`);
    }
  }
}
