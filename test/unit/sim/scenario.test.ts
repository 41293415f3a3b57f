import { describe, expect, it } from 'vitest';
import { drawScenario } from '../../../src/sim/scenario.ts';
import { CONTROLLER_NAMES } from '../../../src/transport/config.ts';

const SCENARIOS = Array.from({ length: 2_000 }, (_, seed) => drawScenario(seed));

describe('the scenario of a seed', () => {
  it('has every controller in about a fifth of all seeds', () => {
    for (const name of CONTROLLER_NAMES) {
      const share = SCENARIOS.filter(({ controller }) => controller === name).length / 2_000;
      expect([name, share > 0.15 && share < 0.3]).toEqual([name, true]);
    }
  });

  it('moves much under every controller but founding', () => {
    const large = SCENARIOS.filter(({ isLarge }) => isLarge).map(({ controller }) => controller);
    const modern = CONTROLLER_NAMES.filter((name) => name !== 'founding');
    expect([...new Set(large)].toSorted()).toEqual(modern.toSorted());
  });
});
