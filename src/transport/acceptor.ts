/**
 * What an endpoint does with a SYN: answer it again, accept it, ask for a cookie, or advise its
 * sender to wait. Until the third message nobody has proved anything, so every half-open entry
 * counts against its source and against all.
 */
import { TokenBucket } from '../util/token-bucket.ts';
import { type DropReason, ERROR, FLAG } from '../wire/codes.ts';
import { COOKIE_BYTES, MIN_SEGMENT_BYTES, SYN_BYTES } from '../wire/layout.ts';
import { defaultParameters, type Parameters, readParameters } from '../wire/parameters.ts';
import type { SegmentView } from '../wire/segment.ts';
import type { ConnectionConfig, EndpointConfig } from './config.ts';
import { Connection } from './connection.ts';
import type { PortTable } from './port-table.ts';
import type { Handshake } from './protection.ts';
import { PASS_THROUGH } from './seal.ts';
import { SegmentWriter } from './segment-writer.ts';
import { SourceRates } from './source-rates.ts';
import type { PeerAddress } from './types.ts';

/** Half-open connections beyond which a SYN has to show a cookie (docs/LIMITS.md). */
export const MAX_HALF_OPEN_WITHOUT_COOKIE = 64;
/** Half-open connections in all, and of one source (an address, or an IPv6 network). */
export const MAX_HALF_OPEN = 1_024;
export const MAX_HALF_OPEN_PER_SOURCE = 64;
/** Key agreements per second that are made without a cookie, and how many at once. */
export const MAX_HANDSHAKES_PER_SECOND = 200;
const HANDSHAKE_BURST = 400;
/** P-COOKIE-03: of one source that showed cookies, and how many such sources are remembered. */
export const MAX_SOURCE_HANDSHAKES_PER_SECOND = 100;
const SOURCE_HANDSHAKE_BURST = 400;
export const MAX_HANDSHAKE_SOURCES = 1_024;
/** More than a header with a cookie. */
const REFUSAL_ROOM_BYTES = 128;
/** How long a half-open entry is safe from making room for another; milliseconds. */
const HALF_OPEN_UNDER_LOAD_MS = 10_000;

/** What the endpoint does on the acceptor's behalf. */
export interface AcceptorActions {
  create(
    nowMs: number,
    peer: PeerAddress,
    settings: ConnectionConfig,
    handshake: Handshake,
  ): Connection;
  touch(connection: Connection): void;
  /** `bytes` are borrowed, and an answer as far as `length`. */
  answer(peer: PeerAddress, bytes: Uint8Array, length: number): void;
}

interface HalfOpen {
  readonly source: string;
  readonly sinceMs: number;
}

export class Acceptor {
  /** SYNs by their cookies, and half-open connections that made room. */
  readonly counters = {
    cookiesAsked: 0,
    cookiesTaken: 0,
    cookiesWithheld: 0,
    halfOpenForgotten: 0,
  };
  private readonly config: EndpointConfig;
  /** Of the connection that was accepted last. */
  private settings: ConnectionConfig;
  private readonly table: PortTable;
  private readonly actions: AcceptorActions;
  /** In the order they came. */
  private readonly halfOpen = new Map<Connection, HalfOpen>();
  private readonly bySource = new Map<string, number>();
  /** One for all answers: what a stranger's SYN costs must not be memory. */
  private readonly refusals = new SegmentWriter(PASS_THROUGH);
  private readonly refusal = new Uint8Array(REFUSAL_ROOM_BYTES);
  private readonly agreements = new TokenBucket(HANDSHAKE_BURST, MAX_HANDSHAKES_PER_SECOND);
  private readonly ratesBySource = new SourceRates(
    SOURCE_HANDSHAKE_BURST,
    MAX_SOURCE_HANDSHAKES_PER_SECOND,
    MAX_HANDSHAKE_SOURCES,
  );

  constructor(config: EndpointConfig, table: PortTable, actions: AcceptorActions) {
    this.config = config;
    this.settings = config.connection;
    this.table = table;
    this.actions = actions;
  }

  get halfOpenCount(): number {
    return this.halfOpen.size;
  }

  handle(nowMs: number, peer: PeerAddress, segment: SegmentView): DropReason | undefined {
    const { protection } = this.config;
    if (!this.config.accepts) return 'unknownConnection';
    if (segment.flags !== (FLAG.CNT | FLAG.SYN) || !segment.hasTxn) return 'flagCombination';
    // P-OPEN-02: itself, because a kernel may have merged many small ones into one datagram.
    if (segment.payloadEnd - segment.headerStart < SYN_BYTES) return 'synSize';
    if (!segment.speaksVersion) return 'version';
    const { sourcePort, seq } = segment;
    // Codes, not digits: V8 keeps the digits of each number for a while, and a flood has many.
    const numbers = String.fromCharCode(sourcePort, seq >>> 16, seq & 0xffff);
    const key = `${peer.key}/${numbers}${protection.digest(segment)}`;
    const known = this.table.findSyn(key);
    if (known instanceof Connection) {
      known.repeatSyn(nowMs);
      this.actions.touch(known);
    }
    if (known !== undefined) return undefined; // P-OPEN-06: never a second connection
    const proof = this.proofOf(nowMs, peer, segment);
    if (proof !== undefined) return proof;
    return this.accept(nowMs, peer, segment, key);
  }

  private accept(
    nowMs: number,
    peer: PeerAddress,
    segment: SegmentView,
    key: string,
  ): DropReason | undefined {
    if (this.table.connectionCount >= this.config.maxConnections) {
      this.answer(peer, segment, ERROR.BUSY, undefined);
      return 'full';
    }
    const source = peer.source ?? peer.address;
    if ((this.bySource.get(source) ?? 0) >= MAX_HALF_OPEN_PER_SOURCE) return 'sourceLimit';
    if (!this.makeRoom(nowMs)) return 'full';
    const handshake = this.config.protection.begin(false);
    if (!handshake.read(1, segment, segment.txn)) return 'seal';
    const parameters = this.read(segment);
    if (parameters === undefined) {
      handshake.wipe();
      return 'synParameters';
    }
    const asked = parameters.patienceMs === 0 ? Infinity : parameters.patienceMs;
    const patienceMs = Math.min(asked, this.config.maxPatienceMs);
    // Most ask for the same, and then they share one object.
    if (this.settings.patienceMs !== patienceMs) this.settings = { ...this.settings, patienceMs };
    const connection = this.actions.create(nowMs, peer, this.settings, handshake);
    this.table.noteSyn(key, connection);
    this.halfOpen.set(connection, { source, sinceMs: nowMs });
    this.bySource.set(source, (this.bySource.get(source) ?? 0) + 1);
    connection.acceptSyn(segment, parameters);
    this.actions.touch(connection);
    return undefined;
  }

  private read(segment: SegmentView): Parameters | undefined {
    const { buffer, payloadStart, payloadEnd } = segment;
    const parameters = defaultParameters();
    if (!readParameters(buffer, payloadStart, payloadEnd, parameters)) return undefined;
    return parameters.segmentBytes < MIN_SEGMENT_BYTES ? undefined : parameters;
  }

  /** `connection` has opened, or is gone: it counts as half-open no more. */
  onSettled(connection: Connection): void {
    const entry = this.halfOpen.get(connection);
    if (entry === undefined) return;
    this.halfOpen.delete(connection);
    const left = (this.bySource.get(entry.source) ?? 1) - 1;
    if (left === 0) this.bySource.delete(entry.source);
    else this.bySource.set(entry.source, left);
  }

  /** Under load the oldest half-open entry makes room, once it has had its time. */
  private makeRoom(nowMs: number): boolean {
    if (this.halfOpen.size < MAX_HALF_OPEN) return true;
    const [oldest] = this.halfOpen;
    if (oldest === undefined || nowMs - oldest[1].sinceMs < HALF_OPEN_UNDER_LOAD_MS) return false;
    this.counters.halfOpenForgotten += 1;
    this.onSettled(oldest[0]);
    oldest[0].forget();
    this.actions.touch(oldest[0]);
    return true;
  }

  /**
   * P-COOKIE-01: under load, or always where that is wished, a SYN has to show a cookie, which
   * only who receives at its address can have. Without one it costs a MAC and no state.
   * @returns why the SYN goes no further, if it does not
   */
  private proofOf(
    nowMs: number,
    peer: PeerAddress,
    segment: SegmentView,
  ): 'cookie' | 'sourceLimit' | undefined {
    const { cookies, cookieDemand } = this.config;
    if (cookies === undefined) return undefined;
    const { buffer, cookieAt, sourcePort } = segment;
    if (cookieAt >= 0) {
      const shown = buffer.subarray(cookieAt, cookieAt + COOKIE_BYTES);
      if (cookies.check(nowMs, peer, sourcePort, shown)) {
        return this.proven(nowMs, peer);
      }
    }
    if (cookieDemand !== 'always' && !this.isLoaded(nowMs)) return undefined;
    this.counters.cookiesAsked += 1;
    this.answer(peer, segment, ERROR.NONE, cookies.make(nowMs, peer, sourcePort));
    return 'cookie';
  }

  /** P-COOKIE-03: an address that is its sender's can be held to a rate, and no other can. */
  private proven(nowMs: number, peer: PeerAddress): 'sourceLimit' | undefined {
    if (!this.ratesBySource.take(nowMs, peer.source ?? peer.address)) {
      this.counters.cookiesWithheld += 1;
      return 'sourceLimit';
    }
    this.counters.cookiesTaken += 1;
    return undefined;
  }

  private isLoaded(nowMs: number): boolean {
    if (this.halfOpen.size >= MAX_HALF_OPEN_WITHOUT_COOKIE) return true;
    return !this.agreements.take(nowMs);
  }

  /** P-OPEN-07: smaller than what asked, and never binding. */
  private answer(
    peer: PeerAddress,
    segment: SegmentView,
    error: number,
    cookie: Uint8Array | undefined,
  ): void {
    const { refusals, refusal } = this;
    refusals.destinationPort = segment.sourcePort;
    refusals.ack = segment.seq;
    this.actions.answer(peer, refusal, refusals.refusal(refusal, error, cookie));
  }
}
