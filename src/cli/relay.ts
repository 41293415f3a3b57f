/**
 * A bad link without root: real UDP in and out, and the simulator's link model in between.
 *
 * Each client that sends to the relay gets a socket towards the server and a pair of links of its
 * own, so losses of one client do not depend on what others send.
 */
import { MONOTONIC_CLOCK } from '../io/clock.ts';
import { PeerTable } from '../io/peer-table.ts';
import { UdpSocket } from '../io/udp-socket.ts';
import { IP_UDP_HEADER_BYTES, Link, type LinkCounters, type LinkOptions } from '../sim/link.ts';
import type { PeerAddress } from '../transport/types.ts';
import { SeededRandom } from '../util/random.ts';
import { DeadlineLoop, EARLY_MS } from './deadline-loop.ts';
import { Lateness } from './lateness.ts';
import type { LatenessReport } from './lateness.ts';
import { RelayOutlet } from './relay-outlet.ts';
import { RelayUpstream, type Wandering } from './relay-upstream.ts';

/** Loopback carries 65,507 bytes at once, and the links that this one stands for do not. */
const USUAL_DATAGRAM_BYTES = 1_500 - IP_UDP_HEADER_BYTES;

/** Clients at once; beyond it the one that was silent longest is forgotten. */
export const MAX_RELAY_FLOWS = 256;

export interface RelayOptions {
  /** Literal address of the server. */
  readonly targetAddress: string;
  readonly targetPort: number;
  /** Where clients send to; by default a free port of IPv4 loopback. */
  readonly address?: string;
  readonly port?: number;
  /** From the clients to the server. Outages count from a client's first datagram, both ways. */
  readonly forward: Partial<LinkOptions>;
  /** From the server to the clients. */
  readonly backward: Partial<LinkOptions>;
  readonly seed: number;
  readonly watch?: RelayWatch;
  /** Moves clients from one address of 127.0.0.0/8 to the next; for servers on loopback. */
  readonly wandering?: Wandering;
}

/** Sees every datagram as it comes to a link; `isCarried` false: the link drops it. */
export interface RelayWatch {
  onForward(nowMs: number, bytes: Uint8Array, isCarried: boolean): void;
  onBackward(nowMs: number, bytes: Uint8Array, isCarried: boolean): void;
}

export interface RelayReport extends LatenessReport {
  readonly flows: number;
  /** Changes of address towards the server. */
  readonly moves: number;
  readonly forward: LinkCounters;
  readonly backward: LinkCounters;
  /** Dropped by the relay itself, because a socket took no more. */
  readonly overruns: number;
}

interface Flow {
  readonly client: PeerAddress;
  readonly upstream: RelayUpstream;
  readonly forward: Link;
  readonly backward: Link;
  lastAtMs: number;
}

export class Relay {
  private readonly options: RelayOptions;
  private readonly front: UdpSocket;
  private readonly outlet: RelayOutlet;
  private readonly peers: PeerTable;
  private readonly flows = new Map<PeerAddress, Flow>();
  private readonly loop = new DeadlineLoop(() => this.pump());
  private readonly lateness = new Lateness();
  private readonly retired: Flow[] = [];
  private places = 0;
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
    this.outlet = new RelayOutlet(this.front);
  }

  /** @throws the system's error when the port is not free */
  async open(): Promise<void> {
    await this.front.bind(this.options.address ?? '127.0.0.1', this.options.port ?? 0);
  }

  get port(): number {
    return this.front.localPort;
  }

  /** Time spent in naps, which the event loop takes for work; ms. */
  get nappedMs(): number {
    return this.loop.nappedMs;
  }

  report(): RelayReport {
    const flows = [...this.retired, ...this.flows.values()];
    return {
      flows: this.opened,
      moves: flows.reduce((moves, { upstream }) => moves + upstream.moves, 0),
      forward: sum(flows.map((flow) => flow.forward.counters)),
      backward: sum(flows.map((flow) => flow.backward.counters)),
      overruns: this.overruns,
      ...this.lateness.report(),
    };
  }

  /** UDP ports of this machine through which the relay's datagrams go. */
  ports(): number[] {
    const flows = [...this.flows.values()];
    const near = flows.flatMap(({ client, upstream }) => [client.port, upstream.localPort]);
    return [this.port, ...near, this.options.targetPort];
  }

  async close(): Promise<void> {
    this.loop.close();
    const upstreams = [...this.flows.values()].map(({ upstream }) => upstream);
    await Promise.all([this.front, ...upstreams].map((socket) => socket.close()));
  }

  private fromClient(bytes: Uint8Array, client: PeerAddress): void {
    const nowMs = MONOTONIC_CLOCK.nowMs();
    const flow = this.flows.get(client) ?? this.openFlow(client, nowMs);
    flow.lastAtMs = nowMs;
    const isCarried = flow.forward.send(nowMs, bytes);
    this.options.watch?.onForward(nowMs, bytes, isCarried);
    this.loop.wake();
  }

  private fromServer(flow: Flow, bytes: Uint8Array): void {
    const nowMs = MONOTONIC_CLOCK.nowMs();
    const isCarried = flow.backward.send(nowMs, bytes);
    this.options.watch?.onBackward(nowMs, bytes, isCarried);
    this.loop.wake();
  }

  private openFlow(client: PeerAddress, nowMs: number): Flow {
    if (this.flows.size >= MAX_RELAY_FLOWS) this.forgetOldest();
    const { options } = this;
    const index = this.opened;
    this.opened += 1;
    const upstream = new RelayUpstream({
      targetAddress: options.targetAddress,
      targetPort: options.targetPort,
      peers: this.peers,
      wandering: options.wandering,
      nextPlace: () => this.nextPlace(),
      onDatagram: (bytes) => this.fromServer(flow, bytes),
    });
    const linkOf = (name: 'forward' | 'backward'): Link =>
      new Link(
        { mtuBytes: USUAL_DATAGRAM_BYTES, ...from(nowMs, options[name]) },
        SeededRandom.named(options.seed, streamOf(name, index)),
      );
    const flow: Flow = {
      client,
      upstream,
      forward: linkOf('forward'),
      backward: linkOf('backward'),
      lastAtMs: 0,
    };
    this.flows.set(client, flow);
    upstream.open().then(
      () => this.loop.wake(),
      // An unreachable server is silence, as on any path.
      () => undefined,
    );
    return flow;
  }

  /** Another address of loopback each time; never the server's own, which is 127.0.0.1. */
  private nextPlace(): string {
    const n = this.places;
    this.places += 1;
    return `127.${1 + ((n >> 16) % 255)}.${(n >> 8) & 255}.${1 + (n % 254)}`;
  }

  private forgetOldest(): void {
    const flows = [...this.flows.values()];
    const oldest = flows.reduce((a, b) => (b.lastAtMs < a.lastAtMs ? b : a));
    this.flows.delete(oldest.client);
    if (this.retired.length < MAX_RELAY_FLOWS) this.retired.push(oldest);
    void oldest.upstream.close();
  }

  private pump(): number {
    const dueMs = MONOTONIC_CLOCK.nowMs() + EARLY_MS;
    let nextMs = Infinity;
    for (const { client, upstream, forward, backward } of this.flows.values()) {
      if (!upstream.isOpen) continue;
      this.deliver(forward, dueMs, (bytes) => upstream.send(bytes));
      this.deliver(backward, dueMs, (bytes) => this.outlet.send(bytes, client));
      nextMs = Math.min(nextMs, forward.nextDeliveryMs(), backward.nextDeliveryMs());
    }
    return nextMs;
  }

  private deliver(link: Link, dueMs: number, send: (bytes: Uint8Array) => boolean): void {
    for (;;) {
      const atMs = link.nextDeliveryMs();
      const bytes = link.deliver(dueMs);
      if (bytes === undefined) return;
      this.lateness.add(MONOTONIC_CLOCK.nowMs() - atMs);
      if (!send(bytes)) this.overruns += 1;
    }
  }
}

/** @throws the system's error when the port is not free */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const relay = new Relay(options);
  await relay.open();
  return relay;
}

/** Chance of the first client is that of a simulated transfer (sim/goodput.ts) with this seed. */
function streamOf(name: 'forward' | 'backward', index: number): string {
  const way = name === 'forward' ? 'up' : 'down';
  return index === 0 ? way : `${way} ${index}`;
}

/** Options whose outages begin to count at `startMs`. */
function from(startMs: number, options: Partial<LinkOptions>): Partial<LinkOptions> {
  const outages = (options.outages ?? []).map(({ fromMs, toMs }) => ({
    fromMs: startMs + fromMs,
    toMs: startMs + toMs,
  }));
  return { ...options, outages };
}

function sum(counters: readonly LinkCounters[]): LinkCounters {
  const total = { ...new Link({}, new SeededRandom(0)).counters };
  const keys = Object.keys(total) as (keyof LinkCounters)[];
  for (const entry of counters) for (const key of keys) total[key] += entry[key];
  return total;
}
