/** Ten thousand receivers that acknowledge what never came: each is found within one window. */
import { catchLiar } from '../../test/sim/liar.ts';

export const about = '10,000 seeds of a receiver that acknowledges what it never got';

const SEEDS = 10_000;

export function run(): boolean {
  let most = 0;
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const segments = catchLiar(seed);
    if (segments === undefined) {
      console.log(`seed ${seed}: not found`);
      return false;
    }
    most = Math.max(most, segments);
  }
  console.log(`${SEEDS} liars found, the last after ${most} segments`);
  return true;
}
