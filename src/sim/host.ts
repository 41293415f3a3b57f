/** One machine of the simulated world: an endpoint, the applications on it, and its way out. */
import { SlabPool } from '../util/slab.ts';
import { SeededRandom } from '../util/random.ts';
import { Endpoint } from '../transport/endpoint.ts';
import type { EndpointConfig } from '../transport/config.ts';
import type { Connection } from '../transport/connection.ts';
import type { PeerAddress, TransmitSlot } from '../transport/types.ts';
import { MAX_DATAGRAM_BYTES } from '../wire/layout.ts';
import type { Link } from './link.ts';
import { Party } from './party.ts';

/** One direction between two hosts. */
export interface Way {
  readonly from: Host;
  readonly to: Host;
  readonly link: Link;
}

export type HostConfig = Omit<EndpointConfig, 'random' | 'receivePool' | 'sendPool' | 'wake'>;

const DEFAULT_POOL_BYTES = 268_435_456;
const ADDRESS_PORT = 10_000;

export class Host {
  readonly index: number;
  readonly address: PeerAddress;
  readonly endpoint: Endpoint;
  readonly sendPool: SlabPool;
  readonly receivePool: SlabPool;
  readonly earlyPoolBytes: number;
  /** Largest datagram it may send. */
  readonly segmentBytes: number;
  readonly slot: TransmitSlot;
  /** The way to each address. */
  readonly routes = new Map<PeerAddress, Way>();
  /** Every party that ever was. */
  readonly parties: Party[] = [];
  /** Nothing of this host runs before this time. */
  pausedUntilMs = 0;
  /** When the host wants to run for itself. */
  dueMs = Infinity;
  private isAwake = false;
  /** Called for a connection that a peer opened. */
  accept: ((connection: Connection) => void) | undefined;

  /** @param poolBytes cap of the pool for bytes received */
  constructor(index: number, seed: number, config: HostConfig, poolBytes = DEFAULT_POOL_BYTES) {
    this.index = index;
    this.earlyPoolBytes = config.earlyPoolBytes;
    this.sendPool = new SlabPool(DEFAULT_POOL_BYTES);
    this.receivePool = new SlabPool(poolBytes);
    const address = `10.0.0.${index + 1}`;
    const key = `${address}|${ADDRESS_PORT}`;
    this.address = { key, address, port: ADDRESS_PORT, family: 4 };
    const limitBytes = config.pathLimitBytes?.(this.address) ?? 0;
    this.segmentBytes = Math.max(config.connection.segmentBytes, limitBytes);
    this.slot = { buffer: new Uint8Array(MAX_DATAGRAM_BYTES + 1), length: 0, peer: this.address };
    this.endpoint = new Endpoint({
      ...config,
      random: SeededRandom.named(seed, `endpoint ${index}`),
      receivePool: this.receivePool,
      sendPool: this.sendPool,
      wake: () => {
        this.isAwake = true;
      },
    });
  }

  /** Whether the transport asked for a turn since this was last asked. */
  takeWake(): boolean {
    const wasAwake = this.isAwake;
    this.isAwake = false;
    return wasAwake;
  }

  /** Lets every open party work whose time has come; true when one did. */
  wakeParties(nowMs: number): boolean {
    let hasWorked = false;
    for (const party of this.parties) {
      if (party.nextWakeMs() > nowMs) continue;
      party.work(nowMs);
      hasWorked = true;
    }
    return hasWorked;
  }

  /** The program ends: nothing of this host runs any more. */
  exit(): void {
    this.pausedUntilMs = Infinity;
  }

  get hasExited(): boolean {
    return this.pausedUntilMs === Infinity;
  }

  /** Hands all waiting events to their parties; true when there was one. */
  deliverEvents(nowMs: number): boolean {
    let count = 0;
    for (;;) {
      const next = this.endpoint.pollEvent();
      if (next === undefined) return count > 0;
      count += 1;
      const { connection, event } = next;
      if (connection.userData === undefined) this.accept?.(connection);
      if (connection.userData instanceof Party) connection.userData.onEvent(nowMs, event);
    }
  }

  /** Recomputes {@link dueMs} after a turn. */
  rearm(): void {
    let dueMs = this.endpoint.nextTimeout();
    for (const party of this.parties) dueMs = Math.min(dueMs, party.nextWakeMs());
    this.dueMs = dueMs;
  }
}
