/** Small worlds for tests that want one circumstance, not a seed's mixture. */
import { INSECURE_VERSION } from '../../src/wire/codes.ts';
import { plainProtection } from '../../src/transport/protection.ts';
import { DEFAULT_CONNECTION_CONFIG, type ConnectionConfig } from '../../src/transport/config.ts';
import { PASS_THROUGH } from '../../src/transport/seal.ts';
import { NO_TRACE } from '../../src/transport/trace.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { ClientParty, type ClientPlan, type JobPlan } from '../../src/sim/client-party.ts';
import { Host, type HostConfig } from '../../src/sim/host.ts';
import { Invariants } from '../../src/sim/invariants.ts';
import { Link, type LinkOptions } from '../../src/sim/link.ts';
import { HEALTHY_HABITS } from '../../src/sim/scenario.ts';
import { ServerParty } from '../../src/sim/server-party.ts';
import { WireWatch } from '../../src/sim/wire-watch.ts';
import { World } from '../../src/sim/world.ts';

export interface Pair {
  readonly world: World;
  readonly client: Host;
  readonly server: Host;
  readonly up: Link;
  readonly down: Link;
}

export interface PairOptions {
  readonly seed: number;
  readonly up: Partial<LinkOptions>;
  readonly down: Partial<LinkOptions>;
  readonly config?: Partial<ConnectionConfig>;
  /** What either side has otherwise. */
  readonly clientHost?: Partial<HostConfig>;
  readonly serverHost?: Partial<HostConfig>;
  /** Cap of the server's pool for received bytes. */
  readonly serverPoolBytes?: number;
}

export function buildPair(options: PairOptions): Pair {
  const { seed } = options;
  const world = new World(new SeededRandom(seed));
  const config: HostConfig = {
    accepts: true,
    maxConnections: 10_000,
    maxPatienceMs: Infinity,
    protection: plainProtection(PASS_THROUGH, INSECURE_VERSION),
    earlyPoolBytes: 67_108_864,
    connection: { ...DEFAULT_CONNECTION_CONFIG, ...options.config },
    trace: NO_TRACE,
  };
  const server = new Host(0, seed, { ...config, ...options.serverHost }, options.serverPoolBytes);
  const client = new Host(1, seed, { ...config, ...options.clientHost });
  const up = new Link(options.up, SeededRandom.named(seed, 'up'));
  const down = new Link(options.down, SeededRandom.named(seed, 'down'));
  world.addHost(server);
  world.addHost(client);
  world.connect(client, server, up);
  world.connect(server, client, down);
  world.observe(new WireWatch());
  world.observe(new Invariants());
  server.accept = (connection) => {
    const random = new SeededRandom(seed);
    server.parties.push(new ServerParty(connection, HEALTHY_HABITS, server.sendPool, random));
  };
  return { world, client, server, up, down };
}

export function jobOf(kind: 'get' | 'post', sizeBytes: number, id = 0): JobPlan {
  return { kind, id, sizeBytes, seed: 77 + id, paddingBytes: 0, cancelAtBytes: Infinity };
}

export function planOf(jobs: readonly JobPlan[], patch: Partial<ClientPlan> = {}): ClientPlan {
  return {
    jobs,
    depth: 1,
    closeMode: 'client',
    abortAtBytes: Infinity,
    habits: HEALTHY_HABITS,
    ...patch,
  };
}

/** Opens a connection from the client now. */
export function open(pair: Pair, plan: ClientPlan): ClientParty {
  const { world, client, server } = pair;
  const connection = client.endpoint.connect(world.nowMs, server.address);
  const party = new ClientParty(connection, plan, client.sendPool, new SeededRandom(5));
  client.parties.push(party);
  party.work(world.nowMs);
  world.touch(client);
  return party;
}

/** Runs until `isDone` or nothing happens by `limitMs` any more; tells whether it is done. */
export function runUntil(pair: Pair, limitMs: number, isDone: () => boolean): boolean {
  while (!isDone()) if (!pair.world.step(limitMs)) return isDone();
  return true;
}
