/** Rows of docs/LIMITS.md: transfers that are gone on with. */
import * as resume from '../drivers/resume.ts';
import type { Bound } from '../registry.ts';

export const RESUME: readonly Bound[] = [
  {
    what: 'chunks of a file that are compared',
    cap: 262_144,
    constant: 'MAX_CHUNKS_COMPARED',
    file: 'src/service/limits.ts',
    seenBy: 'error 13',
    atCap: 'what is behind them is sent; of a server, the session ends (P-RES-02)',
    name: 'resume.chunksCompared',
    drive: resume.chunksCompared,
  },
  {
    what: 'digests of chunks in one message',
    cap: 256,
    constant: 'MAX_CHUNKS_TOLD',
    file: 'src/service/limits.ts',
    seenBy: 'error 13',
    atCap: 'the session ends',
    name: 'resume.chunksTold',
    drive: resume.chunksTold,
  },
  {
    what: 'ranges of chunks that are wanted',
    cap: 256,
    constant: 'MAX_RANGES_WANTED',
    file: 'src/service/limits.ts',
    seenBy: 'error 13',
    atCap: 'refused',
    name: 'resume.rangesWanted',
    drive: resume.rangesWanted,
  },
];
