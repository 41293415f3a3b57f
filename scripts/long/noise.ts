/** Ten thousand handshakes with each of two other implementations of Noise. */
import { compareHandshake } from '../noise/compare.ts';
import { holepunchEnds, libp2pEnds, type MakeEnd, ourEnds } from '../noise/ends.ts';

export const about = '10,000 handshakes with each of two other Noise implementations [COUNT]';

const HANDSHAKES = 10_000;

function compareAll(name: string, ours: MakeEnd, theirs: MakeEnd, count: number): boolean {
  let differences = 0;
  for (let seed = 0; seed < count; seed += 1) {
    const difference = compareHandshake(seed, ours, theirs);
    if (difference === undefined) continue;
    differences += 1;
    console.log(`${name}: ${difference}`);
  }
  console.log(`${name}: ${count} handshakes, ${differences} differences`);
  return differences === 0;
}

export async function run(args: readonly string[]): Promise<boolean> {
  const count = Number(args[0] ?? HANDSHAKES);
  const isLibp2pSame = compareAll(
    '@chainsafe/libp2p-noise, SHA256',
    ourEnds('sodium', 'SHA256'),
    await libp2pEnds('pure'),
    count,
  );
  const isHolepunchSame = compareAll(
    'noise-handshake, BLAKE2b',
    ourEnds('sodium', 'BLAKE2b'),
    holepunchEnds(),
    count,
  );
  return isLibp2pSame && isHolepunchSame;
}
