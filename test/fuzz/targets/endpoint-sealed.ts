/** Whole endpoints under Noise: see endpoint-world.ts. */
import { ByteReader } from '../byte-reader.ts';
import { World } from '../endpoint-world.ts';
import { OPCODES, play } from '../opcodes.ts';
import type { Target } from '../target.ts';

const { BATCH, TO_CLIENT, TO_SERVER, TRAIN_TO_SERVER } = OPCODES;
const { ACT_CLIENT, ACT_SERVER, ADVANCE, CONNECT, DELIVER_ALL, LIE, MOVE } = OPCODES;
const OPEN = [CONNECT, DELIVER_ALL, DELIVER_ALL];

/** Scripts that reach the later stages of a connection; the first byte is the mode. */
export const SCRIPTS = [
  [0, ...OPEN, ACT_CLIENT, 0, 0, ACT_CLIENT, 0, 1, 20, 0, DELIVER_ALL, ADVANCE, 5, DELIVER_ALL],
  [2, ...OPEN, ACT_SERVER, 0, 1, 30, 0, DELIVER_ALL, MOVE, 1, ACT_CLIENT, 0, 0, DELIVER_ALL],
  [1, ...OPEN, LIE, 3, 0, 0, 20, ACT_CLIENT, 0, 0, DELIVER_ALL, LIE, 1, 0, 5, 1, DELIVER_ALL],
  [1, LIE, 1, 0, 2, 255, CONNECT, LIE, 1, 0, 3, 255, DELIVER_ALL, DELIVER_ALL],
  [4, ...OPEN, ACT_CLIENT, 0, 5, DELIVER_ALL, ACT_SERVER, 0, 5, DELIVER_ALL, ADVANCE, 7],
  // The opening step by step; then given up, or answered with nonsense, in the turn of the answer.
  [0, CONNECT, TO_SERVER, TO_CLIENT, TO_SERVER, TO_CLIENT, ACT_CLIENT, 0, 6, 9, DELIVER_ALL],
  [0, CONNECT, TO_SERVER, BATCH | ACT_CLIENT, 0, 6, 9, TO_CLIENT, DELIVER_ALL],
  [1, CONNECT, TO_SERVER, LIE, 6, 0, 0, 5, TO_CLIENT, TRAIN_TO_SERVER, 0, 0, DELIVER_ALL],
  [2, CONNECT, TO_SERVER, TO_CLIENT, TO_SERVER, TO_CLIENT, TO_SERVER, TRAIN_TO_SERVER, 0, 2],
].map((script) => Uint8Array.from(script));

export const target: Target = {
  run: (bytes) => {
    const reader = new ByteReader(bytes);
    play(new World(true, reader), reader);
  },
  seeds: SCRIPTS,
  maxBytes: 400,
};
