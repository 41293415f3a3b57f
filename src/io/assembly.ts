/** What `listen` and `connect` share: the parts around one endpoint, put together. */
import { DEFAULT_CONNECTION_CONFIG, type ConnectionConfig } from '../transport/config.ts';
import { Endpoint } from '../transport/endpoint.ts';
import { NO_TRACE, type TraceSink } from '../transport/trace.ts';
import type { ConnectionEvent } from '../transport/types.ts';
import { SlabPool } from '../util/slab.ts';
import { MONOTONIC_CLOCK } from './clock.ts';
import type { DrivenConnection } from './driven.ts';
import { Driver } from './driver.ts';
import { SystemRandom } from './entropy.ts';
import { type LocalEnd, PathLimits } from './path-limits.ts';
import { PEER_TABLE_ENTRIES, PeerTable } from './peer-table.ts';
import { type Security, securityConfig } from './security.ts';
import { SlabQueue } from './slab-queue.ts';

/** Memory for file bytes on one socket, by use; bytes. */
export interface PoolSizes {
  /** Read from files and not yet acknowledged. */
  readonly sendBytes: number;
  /** Received in order and not yet consumed. */
  readonly receiveBytes: number;
  /** Received ahead of a gap. */
  readonly earlyBytes: number;
}

/**
 * A server shares its pools between all clients: 512 MiB for what is received. These are caps;
 * what is lent follows what is in flight, or waits for a disk.
 */
export const SERVER_POOLS: PoolSizes = {
  sendBytes: 268_435_456,
  receiveBytes: 335_544_320,
  earlyBytes: 201_326_592,
};

/** Half of each, a connection's share, holds one whole window. */
export const CLIENT_POOLS: PoolSizes = {
  sendBytes: 167_772_160,
  receiveBytes: 134_217_728,
  earlyBytes: 150_994_944,
};

/** What each connection has of either slab pool on top of it, however much the others hold. */
export const SLAB_RESERVE_BYTES = 65_536;

/** Most connections of a server, unless it is told another number. */
export const MAX_CONNECTIONS = 16_384;

/** Longest patience granted to a client that asks for more; milliseconds. */
export const MAX_PATIENCE_MS = 120_000;

/** One reading of the interfaces serves all sockets. */
const PATH_LIMITS = new PathLimits(() => MONOTONIC_CLOCK.nowMs());

export interface AssemblyOptions {
  readonly accepts: boolean;
  readonly security: Security;
  readonly pools: PoolSizes;
  readonly maxConnections: number;
  readonly maxPatienceMs?: number | undefined;
  readonly config?: Partial<ConnectionConfig> | undefined;
  readonly trace?: TraceSink | undefined;
  /** The socket, once it is open: from it follows how large datagrams may become. */
  readonly localEnd: () => LocalEnd;
  readonly onEvent: (connection: DrivenConnection, event: ConnectionEvent) => void;
  readonly onError?: ((error: Error) => void) | undefined;
}

export interface Assembly {
  readonly endpoint: Endpoint;
  readonly driver: Driver;
  readonly slabs: SlabQueue;
  readonly peers: PeerTable;
}

/** Everything but the socket, which the caller opens and attaches to the driver. */
export function assemble(options: AssemblyOptions): Assembly {
  const { onEvent, onError, maxConnections } = options;
  const reserveBytes = SLAB_RESERVE_BYTES;
  const sendPool = new SlabPool(options.pools.sendBytes, { reserveBytes });
  const slabs = new SlabQueue(sendPool);
  const driver = new Driver({ clock: MONOTONIC_CLOCK, onEvent, onError });
  const endpoint = new Endpoint({
    accepts: options.accepts,
    maxConnections,
    maxPatienceMs: options.maxPatienceMs ?? MAX_PATIENCE_MS,
    random: new SystemRandom(),
    ...securityConfig(options.security, options.accepts),
    sendPool,
    receivePool: new SlabPool(options.pools.receiveBytes, { reserveBytes }),
    earlyPoolBytes: options.pools.earlyBytes,
    connection: { ...DEFAULT_CONNECTION_CONFIG, ...options.config },
    trace: options.trace ?? NO_TRACE,
    pathLimitBytes: (peer) => PATH_LIMITS.towards(options.localEnd(), peer),
    wake: driver.wake,
  });
  driver.onTurnEnd(() => slabs.serve());
  const peers = new PeerTable(
    () => peersOf(endpoint),
    Math.max(PEER_TABLE_ENTRIES, 2 * maxConnections),
  );
  return { endpoint, driver, slabs, peers };
}

function* peersOf(endpoint: Endpoint): Iterable<DrivenConnection['peer']> {
  for (const connection of endpoint.connections()) yield connection.peer;
}
