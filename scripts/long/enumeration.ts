/** Whether the time of a refused login tells which names exist (P-LOGIN-04). */
import { cropped, Ground, measure, percentile, sampleOf, welch } from '../login/enumeration.ts';

export const about = '10,000 refused logins each with known and unknown names, Welch t [PAIRS]';

const PAIRS = 10_000;
const WARM_UP = 3000;
const MOST_T = 4.5;

/** All of them, and without the slowest tenth and half, which the machine's pauses made. */
const SHARES = [1, 0.9, 0.5];

function judge(name: string, first: number[], second: number[]): boolean {
  let isAlike = true;
  for (const share of SHARES) {
    const limit = share === 1 ? Infinity : percentile([...first, ...second], share);
    const [a, b] = [sampleOf(cropped(first, limit)), sampleOf(cropped(second, limit))];
    const t = welch(a, b);
    isAlike &&= Math.abs(t) < MOST_T;
    const means = `${(a.mean / 1000).toFixed(2)} and ${(b.mean / 1000).toFixed(2)} µs`;
    const spread = `sd ${(Math.sqrt(a.variance) / 1000).toFixed(2)} µs`;
    console.log(
      `${name}, fastest ${share * 100} %: mean ${means}, ${spread}, n ${a.count} + ${b.count}, ` +
        `t = ${t.toFixed(2)}`,
    );
  }
  return isAlike;
}

export async function run(args: readonly string[]): Promise<boolean> {
  const pairs = Number(args[0] ?? PAIRS);
  const ground = await Ground.make();
  try {
    measure(ground, WARM_UP, 1);
    const real = measure(ground, pairs, 2);
    const isAlike = judge('known and unknown', real.first, real.second);
    // What the measurement itself makes of two classes that are the same.
    const control = measure(ground, pairs, 3, [false, false]);
    judge('unknown and unknown (control)', control.first, control.second);
    return isAlike;
  } finally {
    ground.close();
  }
}
