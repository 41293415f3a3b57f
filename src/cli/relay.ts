/**
 * A bad link without root: real UDP in and out, and the simulator's link model in between.
 *
 * Each client that sends to the relay gets a socket towards the server and a pair of links of its
 * own, so losses of one client do not depend on what others send.
 */
import { MONOTONIC_CLOCK } from '../io/clock.ts';
import { PeerTable } from '../io/peer-table.ts';
import { UdpSocket } from '../io/udp-socket.ts';
import { Link, type LinkCounters, type LinkOptions } from '../sim/link.ts';
import type { PeerAddress } from '../transport/types.ts';
import { SeededRandom } from '../util/random.ts';
import { RelayOutlet } from './relay-outlet.ts';
import { RelayUpstream, type Wandering } from './relay-upstream.ts';

/** Clients at once; beyond it the one that was silent longest is forgotten. */
export const MAX_RELAY_FLOWS = 256;

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
  /** Moves clients from one address of 127.0.0.0/8 to the next; for servers on loopback. */
  readonly wandering?: Wandering;
}

export interface RelayReport {
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
  private readonly runPump = (): void => {
    this.pump();
  };
  private readonly retired: Flow[] = [];
  private timer: NodeJS.Timeout | undefined;
  private places = 0;
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
    this.outlet = new RelayOutlet(this.front);
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
      moves: flows.reduce((moves, { upstream }) => moves + upstream.moves, 0),
      forward: sum(flows.map((flow) => flow.forward.counters)),
      backward: sum(flows.map((flow) => flow.backward.counters)),
      overruns: this.overruns,
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    const upstreams = [...this.flows.values()].map(({ upstream }) => upstream);
    await Promise.all([this.front, ...upstreams].map((socket) => socket.close()));
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
    const upstream = new RelayUpstream({
      targetAddress: options.targetAddress,
      targetPort: options.targetPort,
      peers: this.peers,
      wandering: options.wandering,
      nextPlace: () => this.nextPlace(),
      onDatagram: (bytes) => {
        flow.backward.send(MONOTONIC_CLOCK.nowMs(), bytes);
        this.schedule();
      },
    });
    const flow: Flow = {
      client,
      upstream,
      forward: new Link(options.forward, SeededRandom.named(options.seed, `forward ${index}`)),
      backward: new Link(options.backward, SeededRandom.named(options.seed, `backward ${index}`)),
      lastAtMs: 0,
    };
    this.flows.set(client, flow);
    upstream.open().then(
      () => this.schedule(),
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
    for (const { client, upstream, forward, backward } of this.flows.values()) {
      if (!upstream.isOpen) continue;
      this.deliver(forward, dueMs, (bytes) => upstream.send(bytes));
      this.deliver(backward, dueMs, (bytes) => this.outlet.send(bytes, client));
      nextMs = Math.min(nextMs, forward.nextDeliveryMs(), backward.nextDeliveryMs());
    }
    if (nextMs === Infinity) return;
    const waitMs = Math.round(nextMs - MONOTONIC_CLOCK.nowMs());
    this.timer = setTimeout(this.runPump, Math.max(1, waitMs));
  }

  private deliver(link: Link, dueMs: number, send: (bytes: Uint8Array) => boolean): void {
    for (;;) {
      const bytes = link.deliver(dueMs);
      if (bytes === undefined) return;
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

function sum(counters: readonly LinkCounters[]): LinkCounters {
  const total = { ...new Link({}, new SeededRandom(0)).counters };
  const keys = Object.keys(total) as (keyof LinkCounters)[];
  for (const entry of counters) for (const key of keys) total[key] += entry[key];
  return total;
}
