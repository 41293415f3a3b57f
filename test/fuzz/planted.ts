/** A bug behind four doors, each of which shows only to who has opened the one before it. */
import { DOORS } from './doors.ts';
import type { Target } from './target.ts';

function isOpen(bytes: Uint8Array, door: number): boolean {
  return (bytes[door]! & 0xf0) === DOORS[door];
}

export const target: Target = {
  run: (bytes) => {
    if (!isOpen(bytes, 0)) return;
    if (!isOpen(bytes, 1)) return;
    if (!isOpen(bytes, 2)) return;
    if (isOpen(bytes, 3)) throw new Error('the planted bug');
  },
  seeds: [new Uint8Array(8)],
  maxBytes: 12,
};
