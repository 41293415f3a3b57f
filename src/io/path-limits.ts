/**
 * The largest datagram towards a peer, as far as this host can know: the MTU of the interface that
 * leads there, less the headers of IP and UDP. What lies behind it is found out by probes
 * (`transport/path-mtu.ts`).
 */
import { readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { PeerAddress } from '../transport/types.ts';
import { MAX_DATAGRAM_BYTES, MIN_SEGMENT_BYTES } from '../wire/layout.ts';

/** Where nobody tells another one. */
const USUAL_MTU_BYTES = 1_500;
/** IP's least header and UDP's. */
const HEADERS_BYTES = { 4: 28, 6: 48 } as const;
/** Larger ones could leave in fragments, unless that is forbidden; 1,500 less IPv6's headers. */
const MAY_BE_FRAGMENTED_BYTES = 1_452;
/** How long a reading of the interfaces is good; cables and tunnels come and go. */
const READING_LASTS_MS = 10_000;

export interface NetworkInterface {
  readonly mtuBytes: number;
  readonly isLoopback: boolean;
  /** Addresses of this host on it. */
  readonly addresses: readonly string[];
  /** Its networks, as in `192.0.2.2/24`. */
  readonly networks: readonly string[];
}

/** The interfaces of this host that have an address. */
export function readInterfaces(): NetworkInterface[] {
  return Object.entries(networkInterfaces()).map(([name, entries = []]) => ({
    mtuBytes: mtuOf(name),
    isLoopback: entries.some(({ internal }) => internal),
    addresses: entries.map(({ address }) => address),
    networks: entries.flatMap(({ cidr }) => cidr ?? []),
  }));
}

/** Linux tells the MTU in a file; elsewhere it stays unknown. */
function mtuOf(name: string): number {
  try {
    const mtuBytes = Number(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8'));
    return mtuBytes > 0 ? mtuBytes : USUAL_MTU_BYTES;
  } catch {
    return USUAL_MTU_BYTES;
  }
}

/** What is asked of a socket. */
export interface LocalEnd {
  /** The address it is bound to; `::` or `0.0.0.0` for any. */
  readonly localAddress: string;
  /** Whether a datagram that is too large vanishes instead of being cut. */
  readonly forbidsFragments: boolean;
}

interface Reading {
  readonly about: NetworkInterface;
  /** Its networks. */
  readonly near: BlockList;
}

export class PathLimits {
  private readonly nowMs: () => number;
  private readonly read: () => readonly NetworkInterface[];
  private interfaces: readonly Reading[] = [];
  private readAtMs = -Infinity;

  constructor(nowMs: () => number, read: () => readonly NetworkInterface[] = readInterfaces) {
    this.nowMs = nowMs;
    this.read = read;
  }

  /** Largest datagram from `end` to `peer`; bytes, never below what every path has to carry. */
  towards(end: LocalEnd, peer: PeerAddress): number {
    const through = this.readingTo(plain(end.localAddress), peer)?.about;
    const isLoopback = through?.isLoopback ?? false;
    const mtuBytes = through?.mtuBytes ?? USUAL_MTU_BYTES;
    const bytes = Math.min(MAX_DATAGRAM_BYTES, mtuBytes - HEADERS_BYTES[peer.family]);
    const isSafe = end.forbidsFragments || isLoopback;
    return Math.max(MIN_SEGMENT_BYTES, isSafe ? bytes : Math.min(bytes, MAY_BE_FRAGMENTED_BYTES));
  }

  /** The socket's own, else the one of the peer's network, else the widest that leads outside. */
  private readingTo(localAddress: string, peer: PeerAddress): Reading | undefined {
    this.refresh();
    const { interfaces } = this;
    const address = plain(peer.address);
    const family = peer.family === 6 ? 'ipv6' : 'ipv4';
    return (
      interfaces.find(({ about }) => about.addresses.includes(localAddress)) ??
      interfaces.find(({ near }) => near.check(address, family)) ??
      interfaces.find(({ about }) => !about.isLoopback)
    );
  }

  private refresh(): void {
    const nowMs = this.nowMs();
    if (nowMs - this.readAtMs < READING_LASTS_MS) return;
    this.readAtMs = nowMs;
    const found = this.read().map((about) => ({ about, near: nearOf(about) }));
    this.interfaces = found.sort((a, b) => b.about.mtuBytes - a.about.mtuBytes);
  }
}

function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '');
}

function nearOf({ networks }: NetworkInterface): BlockList {
  const near = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    near.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return near;
}
