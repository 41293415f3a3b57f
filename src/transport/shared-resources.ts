/** What all connections of an endpoint share. */
import { CellPool } from '../util/cell-pool.ts';
import type { Random } from '../util/random.ts';
import type { SlabPool } from '../util/slab.ts';
import type { Connection } from './connection.ts';
import type { Handshake, Protection, ResetTokens } from './protection.ts';
import type { TraceSink } from './trace.ts';
import type { PeerAddress } from './types.ts';

/**
 * What each connection has of the early pool on top of it, however much the others hold: 16 cells,
 * enough to mend losses slowly.
 */
export const EARLY_RESERVE_BYTES = 24_576;
/** A pool that is small for so many reserves has smaller ones. */
const RESERVES_IN_POOL = 64;

/** The pool of early segments of an endpoint. */
export function earlyPool(capBytes: number): CellPool {
  return new CellPool(capBytes, Math.min(EARLY_RESERVE_BYTES, capBytes / RESERVES_IN_POOL));
}

/** What the endpoint gives one connection besides. */
export interface ConnectionPlace {
  readonly id: number;
  readonly localPort: number;
  readonly wake: (connection: Connection) => void;
  /** A responder's, which has read the SYN; an initiator begins its own. */
  readonly handshake: Handshake | undefined;
}

export interface SharedResources {
  readonly random: Random;
  readonly protection: Protection;
  readonly resetTokens: ResetTokens | undefined;
  readonly trace: TraceSink;
  readonly pathLimitBytes: ((peer: PeerAddress) => number) | undefined;
  readonly receivePool: SlabPool;
  readonly sendPool: SlabPool;
  readonly earlyPool: CellPool;
  /** Fixed first numbers; random when undefined. */
  readonly initialSeq: number | undefined;
  readonly initialTxn: number | undefined;
}
