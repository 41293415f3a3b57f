/** What all connections of an endpoint share. */
import type { CellPool } from '../util/cell-pool.ts';
import type { Random } from '../util/random.ts';
import type { SlabPool } from '../util/slab.ts';
import type { Protection, ResetTokens } from './protection.ts';
import type { TraceSink } from './trace.ts';

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
