/** Forged segments, with the right addresses and ports, at a live connection. */
import { exchange, Rig } from '../../test/attacks/rig.ts';
import { forgeMany, stateOf } from '../../test/attacks/forged-run.ts';
import { keepResult } from '../attacks/result.ts';

export const about = '[COUNT] [--write]: 2^21 forged segments each way at a live connection';

const FORGED = 2 ** 21;
const FILE = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);

export async function run(args: readonly string[]): Promise<boolean> {
  const numbers = args.filter((arg) => !arg.startsWith('--'));
  const count = Number(numbers[0] ?? FORGED);
  const rig = await Rig.open();
  const tap = await rig.tap();
  const { client, server } = await rig.through(tap);
  await exchange(client, server, FILE);
  const before = JSON.stringify([stateOf(client), stateOf(server)]);
  const startMs = performance.now();
  const { sent, dropped, resets } = await forgeMany(tap, rig.listener, count, 1);
  const seconds = (performance.now() - startMs) / 1_000;
  const isSame = JSON.stringify([stateOf(client), stateOf(server)]) === before;
  await exchange(client, server, FILE);
  await exchange(server, client, FILE);
  await rig.close();
  const lines = [
    `${sent} forged segments each way in ${seconds.toFixed(1)} s`,
    `the server dropped ${dropped} and sent ${resets} resets`,
    `state of both ends: ${isSame ? 'as before' : 'CHANGED'}; files go both ways afterwards`,
  ];
  for (const line of lines) console.log(line);
  if (args.includes('--write')) keepResult('forged', `npm run long -- forged ${count}`, lines);
  return isSame && dropped >= sent && resets === 0;
}
