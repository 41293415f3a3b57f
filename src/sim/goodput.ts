/** Goodput of one transfer over one link, in virtual time; the link is the lab's, by default. */
import { INSECURE_VERSION } from '../wire/codes.ts';
import { plainProtection } from '../transport/protection.ts';
import { SeededRandom } from '../util/random.ts';
import {
  type ConnectionConfig,
  type ControllerName,
  DEFAULT_CONNECTION_CONFIG,
} from '../transport/config.ts';
import { PASS_THROUGH } from '../transport/seal.ts';
import { NO_TRACE, type TraceSink } from '../transport/trace.ts';
import type { ConnectionStats } from '../transport/types.ts';
import { ClientParty } from './client-party.ts';
import { check } from './failure.ts';
import { Host, type HostConfig } from './host.ts';
import { Link, type LinkOptions } from './link.ts';
import { HEALTHY_HABITS } from './scenario.ts';
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
  readonly link?: Partial<LinkOptions>;
  /** The sender's trace. */
  readonly trace?: TraceSink;
}

export interface Goodput {
  readonly megabitsPerSecond: number;
  readonly bytes: number;
  readonly virtualMs: number;
  readonly isComplete: boolean;
  /** Retransmitted segments per segment sent. */
  readonly retransmittedShare: number;
  /** The sender's last reading. */
  readonly sender: ConnectionStats;
}

const LEAST_QUEUE_BYTES = 262_144;

/** The client gets one file from the server; the clock runs from its first SYN. */
export function simulateGoodput(options: GoodputOptions): Goodput {
  const { bytes, limitMs = Infinity } = options;
  const { world, client, server } = buildPair(options);
  const connection = client.endpoint.connect(0, server.address);
  const job = { kind: 'get', id: 0, sizeBytes: bytes, seed: 1, paddingBytes: 0 } as const;
  const party = new ClientParty(
    connection,
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
  client.parties.push(party);
  party.work(0);
  world.touch(client);
  while (!party.isComplete && world.step(limitMs));
  const answering = server.parties[0];
  check(answering !== undefined, 'unfinished', () => 'no connection came about');
  const virtualMs = party.isComplete ? world.nowMs : limitMs;
  const sender = answering!.connection.stats();
  return {
    megabitsPerSecond: (party.stream.bytesReceived * 8) / 1_000 / virtualMs,
    bytes: party.stream.bytesReceived,
    virtualMs,
    isComplete: party.isComplete,
    retransmittedShare: sender.segmentsRetransmitted / Math.max(1, sender.segmentsSent),
    sender,
  };
}

function buildPair(options: GoodputOptions): { world: World; client: Host; server: Host } {
  const { rateBitsPerSecond, rttMs, loss, seed } = options;
  const world = new World(new SeededRandom(seed));
  const server = new Host(0, seed, hostConfig(options, options.trace ?? NO_TRACE));
  const client = new Host(1, seed, hostConfig(options, NO_TRACE));
  world.addHost(server);
  world.addHost(client);
  const bdpBytes = Math.floor((rateBitsPerSecond / 8) * (rttMs / 1_000));
  const link = {
    rateBitsPerSecond,
    delayMs: rttMs / 2,
    loss,
    queueBytes: options.queueBytes ?? Math.max(LEAST_QUEUE_BYTES, bdpBytes),
    ...options.link,
  };
  world.connect(client, server, new Link(link, SeededRandom.named(seed, 'up')));
  world.connect(server, client, new Link(link, SeededRandom.named(seed, 'down')));
  server.accept = (connection) => {
    const random = new SeededRandom(seed);
    server.parties.push(new ServerParty(connection, HEALTHY_HABITS, server.sendPool, random));
  };
  return { world, client, server };
}

function hostConfig(options: GoodputOptions, trace: TraceSink): HostConfig {
  return {
    accepts: true,
    maxConnections: 4,
    maxPatienceMs: Infinity,
    protection: plainProtection(PASS_THROUGH, INSECURE_VERSION),
    earlyPoolBytes: 268_435_456,
    connection: {
      ...DEFAULT_CONNECTION_CONFIG,
      controller: options.controller,
      ...options.config,
    },
    trace,
  };
}
