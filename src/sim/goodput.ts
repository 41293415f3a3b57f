/** Goodput of one transfer over one link, in virtual time; the link is the lab's, by default. */
import { INSECURE_VERSION } from '../wire/codes.ts';
import { type Protection, plainProtection } from '../transport/protection.ts';
import { SeededRandom } from '../util/random.ts';
import {
  type ConnectionConfig,
  type ControllerName,
  DEFAULT_CONNECTION_CONFIG,
} from '../transport/config.ts';
import type { Connection } from '../transport/connection.ts';
import { PASS_THROUGH } from '../transport/seal.ts';
import { NO_TRACE, type TraceSink } from '../transport/trace.ts';
import type { ConnectionStats } from '../transport/types.ts';
import { ClientParty } from './client-party.ts';
import { Host } from './host.ts';
import { Link, type LinkCounters, type LinkOptions } from './link.ts';
import { HEALTHY_HABITS } from './scenario.ts';
import type { SequenceWatch } from './sequence-plot.ts';
import { ServerParty } from './server-party.ts';
import { World } from './world.ts';

export interface GoodputOptions {
  readonly rateBitsPerSecond: number;
  readonly rttMs: number;
  /** Probability of loss, both ways. */
  readonly loss: number;
  readonly bytes: number;
  readonly controller: ControllerName;
  readonly seed: number;
  /** Drop-tail queue; by default one bandwidth-delay product or 256 KiB, whichever is more. */
  readonly queueBytes?: number;
  /** The measurement ends here even if the transfer does not; virtual time. */
  readonly limitMs?: number;
  readonly config?: Partial<ConnectionConfig>;
  /** Largest datagram that both hosts can send; without it none grows. */
  readonly hostLimitBytes?: number;
  readonly link?: Partial<LinkOptions>;
  /** What is different on the way to the sender of the file. */
  readonly returnLink?: Partial<LinkOptions>;
  /** Keys of server and client; nothing is sealed without. */
  readonly protections?: readonly [server: Protection, client: Protection];
  /** The sender's trace. */
  readonly trace?: TraceSink;
  readonly watch?: SequenceWatch;
}

export interface Goodput {
  readonly megabitsPerSecond: number;
  readonly bytes: number;
  readonly virtualMs: number;
  readonly isComplete: boolean;
  /** Retransmitted segments per segment sent. */
  readonly retransmittedShare: number;
  /** The sender's last reading; the client's own if no connection came about. */
  readonly sender: ConnectionStats;
}

const LEAST_QUEUE_BYTES = 262_144;

/** Queue of a link for which nobody asked for another. */
export function defaultQueueBytes(rateBitsPerSecond: number, rttMs: number): number {
  return Math.max(LEAST_QUEUE_BYTES, Math.floor((rateBitsPerSecond / 8) * (rttMs / 1_000)));
}

/** The client gets one file from the server; the clock runs from its first SYN. */
export function simulateGoodput(options: GoodputOptions): Goodput {
  const run = new GoodputRun(options);
  run.advance(Infinity);
  return run.result();
}

/** The same, step by step, for those who look on. */
export class GoodputRun {
  private readonly limitMs: number;
  private readonly world: World;
  private readonly server: Host;
  private readonly connection: Connection;
  private readonly party: ClientParty;

  constructor(options: GoodputOptions) {
    this.limitMs = options.limitMs ?? Infinity;
    const { world, client, server } = buildPair(options);
    this.world = world;
    this.server = server;
    this.connection = client.endpoint.connect(0, server.address);
    const job = { kind: 'get', id: 0, sizeBytes: options.bytes, seed: 1, paddingBytes: 0 } as const;
    this.party = new ClientParty(
      this.connection,
      {
        jobs: [{ ...job, cancelAtBytes: Infinity }],
        depth: 1,
        closeMode: 'client',
        abortAtBytes: Infinity,
        habits: HEALTHY_HABITS,
      },
      client.sendPool,
      new SeededRandom(options.seed),
    );
    client.parties.push(this.party);
    this.party.work(0);
    world.touch(client);
  }

  /** Runs until `untilMs` of virtual time; false once nothing more is to come. */
  advance(untilMs: number): boolean {
    const endMs = Math.min(untilMs, this.limitMs);
    while (!this.party.isComplete && this.world.step(endMs));
    const nextMs = this.world.nextMs();
    return !this.party.isComplete && nextMs <= this.limitMs && nextMs < Infinity;
  }

  /** Both directions of the link are different from now on. */
  changeLink(patch: Partial<LinkOptions>): void {
    for (const { link } of this.world.ways) link.configure(patch);
  }

  /** File bytes that have arrived in order. */
  get bytes(): number {
    return this.party.stream.bytesReceived;
  }

  /** A reading of the file's sender, once it has heard of the client. */
  senderStats(): ConnectionStats | undefined {
    return this.server.parties[0]?.connection.stats();
  }

  /** What the link carried and lost, towards the client and back. */
  linkCounters(): { readonly data: LinkCounters; readonly returned: LinkCounters } {
    const [up, down] = this.world.ways;
    return { data: down!.link.counters, returned: up!.link.counters };
  }

  result(): Goodput {
    const { bytes, party } = this;
    const virtualMs = party.isComplete ? this.world.nowMs : this.limitMs;
    const sender = this.senderStats() ?? this.connection.stats();
    return {
      megabitsPerSecond: (bytes * 8) / 1_000 / virtualMs,
      bytes,
      virtualMs,
      isComplete: party.isComplete,
      retransmittedShare: sender.segmentsRetransmitted / Math.max(1, sender.segmentsSent),
      sender,
    };
  }
}

function buildPair(options: GoodputOptions): { world: World; client: Host; server: Host } {
  const { rateBitsPerSecond, rttMs, loss, seed, watch } = options;
  const world = new World(new SeededRandom(seed));
  const server = hostOf(0, options, options.trace ?? NO_TRACE);
  const client = hostOf(1, options, NO_TRACE);
  world.addHost(server);
  world.addHost(client);
  const link = {
    rateBitsPerSecond,
    delayMs: rttMs / 2,
    loss,
    queueBytes: options.queueBytes ?? defaultQueueBytes(rateBitsPerSecond, rttMs),
    ...options.link,
  };
  const up = { ...link, ...options.returnLink };
  world.connect(client, server, new Link(up, SeededRandom.named(seed, 'up')));
  world.connect(server, client, new Link(link, SeededRandom.named(seed, 'down')));
  if (watch !== undefined) {
    world.observe({
      onTaken: (nowMs, way, datagram, isCarried) => {
        if (way.from === server) watch.onSent(nowMs, datagram, isCarried);
        else watch.onReturned(nowMs, datagram);
      },
    });
  }
  server.accept = (connection) => {
    const random = new SeededRandom(seed);
    server.parties.push(new ServerParty(connection, HEALTHY_HABITS, server.sendPool, random));
  };
  return { world, client, server };
}

function hostOf(index: 0 | 1, options: GoodputOptions, trace: TraceSink): Host {
  const { hostLimitBytes } = options;
  return new Host(index, options.seed, {
    accepts: true,
    maxConnections: 4,
    maxPatienceMs: Infinity,
    protection: options.protections?.[index] ?? plainProtection(PASS_THROUGH, INSECURE_VERSION),
    earlyPoolBytes: 268_435_456,
    connection: {
      ...DEFAULT_CONNECTION_CONFIG,
      controller: options.controller,
      ...options.config,
    },
    ...(hostLimitBytes === undefined ? {} : { pathLimitBytes: () => hostLimitBytes }),
    trace,
  });
}
