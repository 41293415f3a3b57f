import { runSeed } from '../../src/sim/run-seed.ts';
import { drawScenario } from '../../src/sim/scenario.ts';

/** What fails in the world of a seed as it was when seeds drew `founding` or else `newreno`. */
export function failureAsFound(seed: number): string {
  const controller = drawScenario(seed).controller === 'founding' ? 'founding' : 'newreno';
  return runSeed(seed, { controller }).failure;
}
