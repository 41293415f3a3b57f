/** What all connections of an endpoint share. */
import type { CellPool } from '../util/cell-pool.ts';
import type { Random } from '../util/random.ts';
import type { SlabPool } from '../util/slab.ts';
import type { Connection } from './connection.ts';
import type { Handshake, Protection, ResetTokens } from './protection.ts';
import type { TraceSink } from './trace.ts';

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
  readonly receivePool: SlabPool;
  readonly sendPool: SlabPool;
  readonly earlyPool: CellPool;
  /** Fixed first numbers; random when undefined. */
  readonly initialSeq: number | undefined;
  readonly initialTxn: number | undefined;
}
