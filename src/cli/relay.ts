/**
 * A bad link without root: real UDP in and out, and the simulator's link model in between.
 *
 * Each client that sends to the relay gets a socket towards the server and a pair of links of its
 * own, so losses of one client do not depend on what others send.
 */
import { MONOTONIC_CLOCK } from '../io/clock.ts';
import { DatagramPool } from '../io/datagram-pool.ts';
import { PeerTable } from '../io/peer-table.ts';
import { UdpSocket } from '../io/udp-socket.ts';
import { Link, type LinkCounters, type LinkOptions } from '../sim/link.ts';
import type { PeerAddress } from '../transport/types.ts';
import { SeededRandom } from '../util/random.ts';

/** Clients at once; beyond it the one that was silent longest is forgotten. */
export const MAX_RELAY_FLOWS = 256;

/** Datagrams left to a socket's own queue; beyond it they are dropped, as a router does. */
export const MAX_RELAY_QUEUE = 1_024;

/** Timers have whole milliseconds and fire late: what is due this soon goes now. */
const EARLY_MS = 0.75;

export interface RelayOptions {
  /** Literal address of the server. */
  readonly targetAddress: string;
  readonly targetPort: number;
  /** Where clients send to; by default a free port of IPv4 loopback. */
  readonly address?: string;
  readonly port?: number;
  /** From the clients to the server. */
  readonly forward: Partial<LinkOptions>;
  /** From the server to the clients. */
  readonly backward: Partial<LinkOptions>;
  readonly seed: number;
}

export interface RelayReport {
  readonly flows: number;
  readonly forward: LinkCounters;
  readonly backward: LinkCounters;
  /** Dropped by the relay itself, because a socket took no more. */
  readonly overruns: number;
}

interface Flow {
  readonly client: PeerAddress;
  readonly upstream: UdpSocket;
  readonly pool: DatagramPool;
  readonly forward: Link;
  readonly backward: Link;
  target: PeerAddress | undefined;
  lastAtMs: number;
}

export class Relay {
  private readonly options: RelayOptions;
  private readonly front: UdpSocket;
  private readonly frontPool = new DatagramPool();
  private readonly peers: PeerTable;
  private readonly flows = new Map<PeerAddress, Flow>();
  private readonly runPump = (): void => {
    this.pump();
  };
  private readonly retired: Flow[] = [];
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private isClosed = false;
  private opened = 0;
  private overruns = 0;

  constructor(options: RelayOptions) {
    this.options = options;
    this.peers = new PeerTable(() => this.flows.keys());
    this.front = new UdpSocket({
      family: options.address?.includes(':') === true ? 6 : 4,
      peers: this.peers,
      onDatagram: (bytes, client) => {
        this.fromClient(bytes, client);
      },
    });
  }

  /** @throws the system's error when the port is not free */
  async open(): Promise<void> {
    await this.front.bind(this.options.address ?? '127.0.0.1', this.options.port ?? 0);
  }

  get port(): number {
    return this.front.localPort;
  }

  report(): RelayReport {
    const flows = [...this.retired, ...this.flows.values()];
    return {
      flows: this.opened,
      forward: sum(flows.map((flow) => flow.forward.counters)),
      backward: sum(flows.map((flow) => flow.backward.counters)),
      overruns: this.overruns,
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    await Promise.all([this.front, ...this.upstreams()].map((socket) => socket.close()));
  }

  private upstreams(): UdpSocket[] {
    return [...this.flows.values()].map((flow) => flow.upstream);
  }

  private fromClient(bytes: Uint8Array, client: PeerAddress): void {
    const nowMs = MONOTONIC_CLOCK.nowMs();
    const flow = this.flows.get(client) ?? this.openFlow(client);
    flow.lastAtMs = nowMs;
    flow.forward.send(nowMs, bytes);
    this.schedule();
  }

  private openFlow(client: PeerAddress): Flow {
    if (this.flows.size >= MAX_RELAY_FLOWS) this.forgetOldest();
    const { options } = this;
    const index = this.opened;
    this.opened += 1;
    const upstream = new UdpSocket({
      family: options.targetAddress.includes(':') ? 6 : 4,
      peers: this.peers,
      onDatagram: (bytes) => {
        flow.backward.send(MONOTONIC_CLOCK.nowMs(), bytes);
        this.schedule();
      },
    });
    const flow: Flow = {
      client,
      upstream,
      pool: new DatagramPool(),
      forward: new Link(options.forward, SeededRandom.named(options.seed, `forward ${index}`)),
      backward: new Link(options.backward, SeededRandom.named(options.seed, `backward ${index}`)),
      target: undefined,
      lastAtMs: 0,
    };
    this.flows.set(client, flow);
    upstream.connect(options.targetAddress, options.targetPort).then(
      (peer) => {
        flow.target = peer;
        this.schedule();
      },
      // An unreachable server is silence, as on any path.
      () => undefined,
    );
    return flow;
  }

  private forgetOldest(): void {
    const flows = [...this.flows.values()];
    const oldest = flows.reduce((a, b) => (b.lastAtMs < a.lastAtMs ? b : a));
    this.flows.delete(oldest.client);
    if (this.retired.length < MAX_RELAY_FLOWS) this.retired.push(oldest);
    void oldest.upstream.close();
  }

  /** Once per turn of the event loop, so that a batch of datagrams is looked at together. */
  private schedule(): void {
    if (this.isClosed) return;
    this.immediate ??= setImmediate(this.runPump);
  }

  private pump(): void {
    this.immediate = undefined;
    clearTimeout(this.timer);
    if (this.isClosed) return;
    const dueMs = MONOTONIC_CLOCK.nowMs() + EARLY_MS;
    let nextMs = Infinity;
    for (const flow of this.flows.values()) {
      const { target, client } = flow;
      if (target === undefined) continue;
      this.deliver(flow.forward, dueMs, flow.upstream, flow.pool, target);
      this.deliver(flow.backward, dueMs, this.front, this.frontPool, client);
      nextMs = Math.min(nextMs, flow.forward.nextDeliveryMs(), flow.backward.nextDeliveryMs());
    }
    if (nextMs === Infinity) return;
    const waitMs = Math.round(nextMs - MONOTONIC_CLOCK.nowMs());
    this.timer = setTimeout(this.runPump, Math.max(1, waitMs));
  }

  private deliver(
    link: Link,
    dueMs: number,
    socket: UdpSocket,
    pool: DatagramPool,
    peer: PeerAddress,
  ): void {
    if (pool.parkedCount > 0 && socket.queuedDatagrams === 0) pool.recoverParked();
    for (;;) {
      const bytes = link.deliver(dueMs);
      if (bytes === undefined) return;
      if (pool.parkedCount >= MAX_RELAY_QUEUE) {
        this.overruns += 1;
        continue;
      }
      const slot = pool.current();
      slot.buffer.set(bytes);
      slot.length = bytes.length;
      slot.peer = peer;
      if (!socket.send(slot, false)) pool.park();
    }
  }
}

/** @throws the system's error when the port is not free */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const relay = new Relay(options);
  await relay.open();
  return relay;
}

function sum(counters: readonly LinkCounters[]): LinkCounters {
  const total = { ...new Link({}, new SeededRandom(0)).counters };
  const keys = Object.keys(total) as (keyof LinkCounters)[];
  for (const entry of counters) for (const key of keys) total[key] += entry[key];
  return total;
}
