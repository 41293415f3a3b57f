/**
 * Interns remote addresses: the transport compares peers by identity, so equal addresses must be
 * one object as long as any connection holds it.
 */
import type { PeerAddress } from '../transport/types.ts';
import { sourceOf } from './source.ts';

/** Most addresses remembered, unless more than that are in use. */
export const PEER_TABLE_ENTRIES = 32_768;

const MAPPED_PREFIX = '::ffff:';

/** A peer as people read it, together with the spelling that the socket wants. */
export class SocketPeer implements PeerAddress {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** What `send` of the socket is given: on a dual-stack socket `::ffff:192.0.2.1`. */
  readonly sendAddress: string;
  private knownSource: string | undefined;

  constructor(sendAddress: string, port: number) {
    const isMapped = sendAddress.startsWith(MAPPED_PREFIX) && sendAddress.includes('.');
    this.address = isMapped ? sendAddress.slice(MAPPED_PREFIX.length) : sendAddress;
    this.family = this.address.includes(':') ? 6 : 4;
    this.port = port;
    this.key = `${this.address}|${port}`;
    this.sendAddress = sendAddress;
  }

  /** Worked out when first asked for: of those who are turned away nobody asks. */
  get source(): string {
    this.knownSource ??= this.family === 4 ? this.address : sourceOf(this.address);
    return this.knownSource;
  }
}

export class PeerTable {
  private readonly inUse: () => Iterable<PeerAddress>;
  private readonly minEntries: number;
  private byAddress = new Map<string, Map<number, SocketPeer>>();
  private entries = 0;
  private capEntries: number;
  private last: SocketPeer | undefined;
  /** Times that addresses in no use were forgotten. */
  clearings = 0;

  /**
   * @param inUse the peers of live connections, asked when the table is full; they are kept
   * @param capEntries size at which addresses that nobody uses are forgotten
   */
  constructor(inUse: () => Iterable<PeerAddress>, capEntries = PEER_TABLE_ENTRIES) {
    this.inUse = inUse;
    this.minEntries = capEntries;
    this.capEntries = capEntries;
  }

  /** Addresses remembered now. */
  get size(): number {
    return this.entries;
  }

  /** The one object for this address, spelt as the socket reports it. */
  intern(address: string, port: number): SocketPeer {
    // Datagrams come in trains from one peer, so the last one is nearly always right.
    const last = this.last;
    if (last !== undefined && last.port === port && last.sendAddress === address) return last;
    const peer = this.byAddress.get(address)?.get(port) ?? this.add(address, port);
    this.last = peer;
    return peer;
  }

  private add(address: string, port: number): SocketPeer {
    if (this.entries >= this.capEntries) this.forgetUnused();
    const peer = new SocketPeer(address, port);
    this.put(peer);
    return peer;
  }

  private put(peer: SocketPeer): void {
    const ports = this.byAddress.get(peer.sendAddress);
    if (ports === undefined) {
      this.byAddress.set(peer.sendAddress, new Map([[peer.port, peer]]));
    } else if (ports.has(peer.port)) return;
    else ports.set(peer.port, peer);
    this.entries += 1;
  }

  /** Costs a pass over live connections, paid for by the many additions since the last one. */
  private forgetUnused(): void {
    this.clearings += 1;
    this.byAddress = new Map();
    this.entries = 0;
    for (const peer of this.inUse()) if (peer instanceof SocketPeer) this.put(peer);
    this.capEntries = Math.max(this.minEntries, 2 * this.entries);
  }
}
