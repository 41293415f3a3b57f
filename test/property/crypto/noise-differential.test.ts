/** Handshakes with two other implementations; `npm run long -- noise` runs ten times as many. */
import { describe, expect, it } from 'vitest';
import { compareHandshake } from '../../../scripts/noise/compare.ts';
import { holepunchEnds, libp2pEnds, type MakeEnd, ourEnds } from '../../../scripts/noise/ends.ts';

const HANDSHAKES = 1000;

function differences(ours: MakeEnd, theirs: MakeEnd, count: number): string[] {
  return Array.from({ length: count }, (_, seed) => compareHandshake(seed, ours, theirs)).filter(
    (difference) => difference !== undefined,
  );
}

describe('Noise XX against other implementations', () => {
  it(`${HANDSHAKES} handshakes with @chainsafe/libp2p-noise, SHA256`, async () => {
    expect(
      differences(ourEnds('sodium', 'SHA256'), await libp2pEnds('default'), HANDSHAKES),
    ).toEqual([]);
  });

  it(`${HANDSHAKES} handshakes with noise-handshake, BLAKE2b`, () => {
    expect(differences(ourEnds('sodium', 'BLAKE2b'), holepunchEnds(), HANDSHAKES)).toEqual([]);
  });

  it('50 handshakes of the fallback with each', async () => {
    expect(differences(ourEnds('node', 'SHA256'), await libp2pEnds('pure'), 50)).toEqual([]);
    expect(differences(ourEnds('node', 'BLAKE2b'), holepunchEnds(), 50)).toEqual([]);
  });

  it('sees a difference', () => {
    const ours = ourEnds('sodium', 'BLAKE2b');
    const otherPrologue: MakeEnd = (initiator, secrets) =>
      holepunchEnds()(initiator, { ...secrets, prologue: Uint8Array.of(1) });
    expect(() => compareHandshake(0, ours, otherPrologue)).toThrow('refused');
    const otherHash: MakeEnd = (initiator, secrets) => {
      const end = ours(initiator, secrets);
      return { ...end, result: () => ({ ...end.result(), hash: Uint8Array.of(1) }) };
    };
    expect(compareHandshake(0, ours, otherHash)).toContain('seed 0');
  });
});
