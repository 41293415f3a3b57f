/**
 * A small network for tests of attacks: endpoints at addresses, and a tap that sees, edits, drops,
 * redirects and adds datagrams. Time is virtual, and nothing is left to chance.
 */
import type { PeerAddress } from '../../src/transport/types.ts';
import { Node, type NodeConfig } from './net-node.ts';

/** A datagram on its way: as `from` its receiver sees the sender. */
export interface Packet {
  readonly from: PeerAddress;
  readonly to: PeerAddress;
  readonly bytes: Uint8Array;
  /** Extra time on the way. */
  readonly lateMs?: number;
}

/** What becomes of a datagram that was sent: nothing, itself, or others. */
export type Tap = (packet: Packet) => readonly Packet[];

interface Flight extends Packet {
  readonly atMs: number;
}

const known = new Map<string, PeerAddress>();

/** The one object for an address, as the driver interns them. */
export function addressOf(host: number, port = 10_000): PeerAddress {
  const address = `10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`;
  const key = `${address}|${port}`;
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = { key, address, port, family: 4 }));
  return found;
}

export interface NetOptions {
  readonly delayMs?: number;
  /** Line rate of each direction, and the wait in its queue beyond which it drops. */
  readonly bitsPerSecond?: number;
  readonly queueMs?: number;
}

export class Net {
  nowMs = 0;
  tap: Tap = (packet) => [packet];
  /** The same where a datagram arrives, for what stands close to its receiver. */
  gate: Tap = (packet) => [packet];
  /** Everything that was sent, if `isRecording`. */
  readonly sent: Packet[] = [];
  isRecording = true;
  private readonly nodes = new Map<string, Node>();
  private readonly flying: Flight[] = [];
  private readonly freeAtMs = new Map<Node, number>();
  private readonly options: NetOptions;

  constructor(options: NetOptions = {}) {
    this.options = options;
  }

  add(host: number, config: NodeConfig): Node {
    const node = new Node(addressOf(host), host, config);
    this.nodes.set(node.address.key, node);
    return node;
  }

  /** Another machine stands at the address from now on. */
  replace(old: Node, config: NodeConfig): Node {
    return this.add(old.host, config);
  }

  /** Puts a datagram on its way that nobody of the nodes sent. */
  inject(packet: Packet): void {
    this.launch({ ...packet, atMs: this.nowMs + (packet.lateMs ?? 0) });
  }

  private launch(flight: Flight): void {
    let index = this.flying.length;
    while (index > 0 && this.flying[index - 1]!.atMs > flight.atMs) index -= 1;
    this.flying.splice(index, 0, flight);
  }

  private send(node: Node, to: PeerAddress, bytes: Uint8Array): void {
    const { delayMs = 10, bitsPerSecond = Infinity, queueMs = 50 } = this.options;
    const startMs = Math.max(this.nowMs, this.freeAtMs.get(node) ?? 0);
    if (startMs - this.nowMs > queueMs) return;
    const doneMs = startMs + (8_000 * (bytes.length + 28)) / bitsPerSecond;
    this.freeAtMs.set(node, doneMs);
    const sent: Packet = { from: node.address, to, bytes };
    if (this.isRecording) this.sent.push({ ...sent, bytes: bytes.slice() });
    for (const packet of this.tap(sent)) {
      this.launch({ ...packet, atMs: doneMs + delayMs + (packet.lateMs ?? 0) });
    }
  }

  /** Lets every node say what it has to say now. */
  settle(): void {
    for (const node of this.nodes.values()) {
      node.work(this.nowMs, (to, bytes) => this.send(node, to, bytes));
    }
  }

  private step(limitMs: number): boolean {
    this.settle();
    let nextMs = this.flying[0]?.atMs ?? Infinity;
    for (const node of this.nodes.values()) nextMs = Math.min(nextMs, node.endpoint.nextTimeout());
    if (nextMs > limitMs) return false;
    this.nowMs = Math.max(this.nowMs, nextMs);
    let count = 0;
    while (count < this.flying.length && this.flying[count]!.atMs <= this.nowMs) count += 1;
    for (const { from, to, bytes } of this.flying.splice(0, count).flatMap(this.gate)) {
      this.nodes.get(to.key)?.endpoint.handleDatagram(this.nowMs, from, bytes.slice());
    }
    this.settle();
    return true;
  }

  run(ms: number): void {
    const limitMs = this.nowMs + ms;
    while (this.step(limitMs));
    this.nowMs = limitMs;
  }

  /** Runs until `isDone`, at most for `ms`; tells whether it is. */
  runUntil(isDone: () => boolean, ms = 600_000): boolean {
    const limitMs = this.nowMs + ms;
    while (!isDone()) {
      if (this.step(limitMs)) continue;
      return isDone();
    }
    return true;
  }
}
