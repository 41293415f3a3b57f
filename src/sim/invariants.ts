/** What must hold after every turn, and what must hold when all is over. */
import type { Connection } from '../transport/connection.ts';
import { EARLY_RESERVE_BYTES } from '../transport/shared-resources.ts';
import type { Simulation } from './build-world.ts';
import type { ConnectionStats } from '../transport/types.ts';
import { MAX_MESSAGE_BYTES } from '../wire/layout.ts';
import { CELL_CLASSES_BYTES } from '../util/cell-pool.ts';
import { check } from './failure.ts';
import type { Host } from './host.ts';
import { Party } from './party.ts';
import { AMPLE_POOL_BYTES } from './scenario.ts';
import type { WorldObserver } from './world.ts';

/** The costly checks run on every so manieth turn. */
const AUDIT_EVERY_TURNS = 29;

/** Rounding of the growth rule below: what one acknowledgement may add beyond a doubling. */
const GROWTH_SLACK_SEGMENTS = 6;
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
      sendPool.usedBytes <= sendPool.capBytes &&
      receivePool.usedBytes <= receivePool.capBytes &&
      sendPool.usedBytes >= 0 &&
      receivePool.usedBytes >= 0;
    check(isWithin, 'leak', () => `host ${host.index}: a pool is out of its bounds`);
    if (host.endpoint.connectionCount <= MAX_WATCHED_CONNECTIONS) {
      for (const connection of host.endpoint.connections()) this.watch(host, connection);
    }
    this.turns += 1;
    if (this.turns % this.auditEveryTurns === 0) this.audit(host);
  }

  private watch(host: Host, connection: Connection): void {
    const stats = connection.stats();
    this.watchGrowth(host, connection, stats);
    if (!(connection.userData instanceof Party)) return;
    const heldBytes = stats.bytesDelivered - connection.userData.stream.consumedBytes;
    check(
      heldBytes <= stats.receiveWindowBytes + MAX_MESSAGE_BYTES,
      'leak',
      () => `host ${host.index}: ${heldBytes} bytes wait for the application`,
    );
  }

  /**
   * A window grows by use only: it may double what was ever in flight, and no more. A model of the
   * path lets it grow by what arrives, used or not, until a first window has arrived (draft,
   * BBRUpdateCwnd) and until the path is known to be full, with clumps besides.
   */
  private watchGrowth(host: Host, connection: Connection, stats: ConnectionStats): void {
    const { cwndBytes, flightSizeBytes } = stats;
    let growth = this.growths.get(connection);
    if (growth === undefined) {
      growth = { initialBytes: cwndBytes, mostFlightBytes: 0 };
      this.growths.set(connection, growth);
    }
    growth.mostFlightBytes = Math.max(growth.mostFlightBytes, flightSizeBytes);
    const slackBytes = GROWTH_SLACK_SEGMENTS * host.segmentBytes;
    const usedBytes = 2 * growth.mostFlightBytes + slackBytes;
    const isModel = stats.ssthreshBytes === Infinity && stats.phase !== 'slowStart';
    const mostBytes = isModel
      ? 2 * (growth.initialBytes + usedBytes)
      : Math.max(growth.initialBytes, usedBytes);
    check(
      cwndBytes <= mostBytes,
      'growth',
      () => `host ${host.index}: cwnd ${cwndBytes}, never more than ${growth.mostFlightBytes} used`,
    );
  }

  /** The transport's own books: flight size, lists, pools. */
  audit(host: Host): void {
    const { earlyBytes } = host.endpoint.stats();
    const perConnection = EARLY_RESERVE_BYTES + CELL_CLASSES_BYTES[1];
    const reserveBytes = host.endpoint.connectionCount * perConnection;
    check(
      earlyBytes >= 0 && earlyBytes <= host.earlyPoolBytes + reserveBytes,
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
  const { clientsExit } = simulation.scenario;
  for (const party of simulation.asking) {
    if (party.closedBy === undefined && party.mayExit) continue;
    if (checkEnding(party, party.closeMode === 'abort', false)) missed += 1;
  }
  for (const party of simulation.answering) {
    const mayAbort = party.closeMode === 'abort' || !party.isGreeted;
    if (checkEnding(party, mayAbort, clientsExit)) missed += 1;
  }
  return missed;
}

/**
 * A side that has ended, and has everything, may lose its peer's last word: the peer repeats that
 * so many times, and leaves. Then patience ends the wait, and no byte is in doubt.
 */
function checkEnding(party: Party, mayAbort: boolean, mayBeLeft: boolean): boolean {
  const reason = party.closedBy;
  check(reason !== undefined, 'unfinished', () => party.describe());
  if (mayAbort) return false;
  const text = (): string => `${party.describe()} closed by ${JSON.stringify(reason)}`;
  check(party.isComplete, 'ending', text);
  if (reason?.kind === 'finished') return false;
  check(reason?.kind === 'timedOut' && (party.hasEnded || mayBeLeft), 'ending', text);
  return true;
}

/** No side took in more datagrams than the other sent: a copy counts once. */
export function checkCopies(simulation: Simulation): void {
  // What is dropped for want of memory is no copy when it comes again.
  if (mayRunShort(simulation)) return;
  for (const { connection: asking, closeMode } of simulation.asking) {
    // Nor is what a connection does not keep any more after an abort.
    if (closeMode === 'abort') continue;
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

/** Segments in pieces have a cap of their own, which a large transfer may reach. */
function mayRunShort({ scenario }: Simulation): boolean {
  const isAmple =
    scenario.receivePoolBytes === AMPLE_POOL_BYTES && scenario.earlyPoolBytes === AMPLE_POOL_BYTES;
  return !isAmple || scenario.faults.has('mtu');
}

/** Nothing is left behind: no connection, timer, pool byte or port at rest. */
export function checkEmpty(simulation: Simulation): void {
  for (const host of simulation.world.hosts) {
    if (host.hasExited) continue;
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
      noMemory: mayRunShort(simulation) ? 0 : drops.noMemory,
    };
    for (const [name, count] of Object.entries(left)) {
      check(count === 0, 'leak', () => `host ${index}: ${name} is ${count} in the end`);
    }
  }
}
