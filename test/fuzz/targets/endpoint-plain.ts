/** Whole endpoints on the unsealed wire, where a forger may say what it likes. */
import { ByteReader } from '../byte-reader.ts';
import { World } from '../endpoint-world.ts';
import { play } from '../opcodes.ts';
import type { Target } from '../target.ts';
import { SCRIPTS } from './endpoint-sealed.ts';

export const target: Target = {
  run: (bytes) => {
    const reader = new ByteReader(bytes);
    play(new World(false, reader), reader);
  },
  seeds: SCRIPTS,
  maxBytes: 400,
};
