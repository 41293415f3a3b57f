/** A minute of each operation against somebody who swaps folders for links (P-SVC-06). */
import { NAME_RACES, race, RACE_OPERATIONS } from '../confinement/race.ts';

export const about = 'folder and link swapped under each operation [SECONDS of each, 60]';

const SECONDS = 60;

export async function run(args: readonly string[]): Promise<boolean> {
  const seconds = Number(args[0] ?? SECONDS);
  let escaped = 0;
  for (const operation of [...RACE_OPERATIONS, ...NAME_RACES]) {
    const { flips, tries, done, escapes } = await race(operation, seconds * 1000);
    escaped += escapes.length;
    const what = `${flips} flips, ${tries} tries, ${done} met the folder`;
    console.log(`${operation}: ${what}, ${escapes.length} escapes`);
    for (const escape of escapes) console.log(`  ${escape}`);
  }
  return escaped === 0;
}
