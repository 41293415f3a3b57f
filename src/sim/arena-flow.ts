/** One endless transfer of ours in the arena: a sender, a receiver, and the two ways between. */
import { PASS_THROUGH } from '../transport/seal.ts';
import { plainProtection } from '../transport/protection.ts';
import { NO_TRACE } from '../transport/trace.ts';
import { type ControllerName, DEFAULT_CONNECTION_CONFIG } from '../transport/config.ts';
import { SeededRandom } from '../util/random.ts';
import { INSECURE_VERSION } from '../wire/codes.ts';
import { ClientParty } from './client-party.ts';
import { Host, type HostConfig } from './host.ts';
import type { Line } from './line.ts';
import { Link, type LinkOptions } from './link.ts';
import type { Habits } from './record-stream.ts';
import { HEALTHY_HABITS } from './scenario.ts';
import { ServerParty } from './server-party.ts';
import type { World } from './world.ts';

/** Cumulative, but for the window. */
export interface FlowReading {
  /** Bytes that the receiver has in order. */
  readonly bytes: number;
  /** Segments with data, retransmissions included. */
  readonly sent: number;
  readonly retransmitted: number;
  /** Datagrams of data that queue and policer dropped. */
  readonly dropped: number;
  readonly cwndSegments: number;
}

export interface ArenaFlowOptions {
  readonly world: World;
  /** The bottleneck on the way of the data. */
  readonly line: Line;
  /** Number of the flow in its arena. */
  readonly index: number;
  readonly seed: number;
  readonly controller: ControllerName;
  readonly data: Partial<LinkOptions>;
  readonly acks: Partial<LinkOptions>;
  readonly suppliedBytes: ((nowMs: number) => number) | undefined;
}

/** More than any run moves. */
const FILE_BYTES = 4_000_000_000;
const EARLY_POOL_BYTES = 268_435_456;

export class ArenaFlow {
  readonly dataLink: Link;
  readonly ackLink: Link;
  private readonly world: World;
  private readonly seed: number;
  private readonly sender: Host;
  private readonly receiver: Host;
  private asking: ClientParty | undefined;
  private answering: ServerParty | undefined;

  constructor(options: ArenaFlowOptions) {
    const { world, index, seed, suppliedBytes } = options;
    const random = (name: string): SeededRandom => SeededRandom.named(seed, `${name} ${index}`);
    this.world = world;
    this.seed = seed;
    this.sender = new Host(2 * index, seed, hostConfig(options.controller));
    this.receiver = new Host(2 * index + 1, seed, hostConfig(options.controller));
    this.dataLink = new Link(options.data, random('data'), options.line);
    this.ackLink = new Link(options.acks, random('acks'));
    world.addHost(this.sender);
    world.addHost(this.receiver);
    world.connect(this.sender, this.receiver, this.dataLink);
    world.connect(this.receiver, this.sender, this.ackLink);
    const habits: Habits =
      suppliedBytes === undefined ? HEALTHY_HABITS : { ...HEALTHY_HABITS, suppliedBytes };
    this.sender.accept = (connection) => {
      const { sendPool } = this.sender;
      this.answering = new ServerParty(connection, habits, sendPool, random('sender'));
      this.sender.parties.push(this.answering);
    };
  }

  /** The receiver asks for the file. */
  start(nowMs: number): void {
    const { receiver, sender, seed } = this;
    const job = { kind: 'get', id: 0, sizeBytes: FILE_BYTES, seed: 1, paddingBytes: 0 } as const;
    const plan = {
      jobs: [{ ...job, cancelAtBytes: Infinity }],
      depth: 1,
      closeMode: 'client',
      abortAtBytes: Infinity,
      habits: HEALTHY_HABITS,
    } as const;
    const connection = receiver.endpoint.connect(nowMs, sender.address);
    const random = SeededRandom.named(seed, `receiver ${receiver.index}`);
    this.asking = new ClientParty(connection, plan, receiver.sendPool, random);
    receiver.parties.push(this.asking);
    this.asking.work(nowMs);
    this.world.touch(receiver);
  }

  reading(): FlowReading {
    const stats = this.answering?.connection.stats();
    const { queueDrops, policeDrops } = this.dataLink.counters;
    return {
      bytes: this.asking?.connection.stats().bytesDelivered ?? 0,
      sent: stats?.segmentsSent ?? 0,
      retransmitted: stats?.segmentsRetransmitted ?? 0,
      dropped: queueDrops + policeDrops,
      cwndSegments: stats === undefined ? 0 : stats.cwndBytes / stats.segmentBytes,
    };
  }
}

function hostConfig(controller: ControllerName): HostConfig {
  return {
    accepts: true,
    maxConnections: 4,
    maxPatienceMs: Infinity,
    protection: plainProtection(PASS_THROUGH, INSECURE_VERSION),
    earlyPoolBytes: EARLY_POOL_BYTES,
    connection: { ...DEFAULT_CONNECTION_CONFIG, controller, patienceMs: Infinity },
    trace: NO_TRACE,
  };
}
