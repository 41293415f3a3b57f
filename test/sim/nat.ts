/** A relay in front of a client, as a router at home: it gives the client an address outside. */
import type { PeerAddress } from '../../src/transport/types.ts';
import type { Node } from './net-node.ts';
import type { Net, Packet } from './net.ts';

export class Nat {
  /** Where the server sees the client; what comes to any earlier place is dropped. */
  outside: PeerAddress;
  /** Datagrams that came to a place the client has left. */
  lost = 0;
  /** Looks at what passes, from outside. */
  watch: (packet: Packet) => void = () => undefined;
  private readonly places = new Set<PeerAddress>();
  private readonly client: Node;

  constructor(net: Net, client: Node, outside: PeerAddress) {
    this.client = client;
    this.outside = outside;
    this.places.add(outside);
    net.tap = (packet) => this.leave(packet);
    net.gate = (packet) => this.arrive(packet);
  }

  moveTo(outside: PeerAddress): void {
    this.outside = outside;
    this.places.add(outside);
  }

  private leave(packet: Packet): readonly Packet[] {
    const seen = packet.from === this.client.address ? { ...packet, from: this.outside } : packet;
    this.watch(seen);
    return [seen];
  }

  /** It stands beside the client: what is on the long way when the place changes is lost. */
  private arrive(packet: Packet): readonly Packet[] {
    if (packet.to === this.outside) return [{ ...packet, to: this.client.address }];
    if (!this.places.has(packet.to)) return [packet];
    this.lost += 1;
    return [];
  }
}
