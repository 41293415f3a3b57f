import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findAt, findFirst, parseTable } from './sabotage-search.ts';
import { SABOTAGES } from './sabotage.ts';

const TABLE = fileURLToPath(new URL('../golden/sabotage.txt', import.meta.url));

describe('the simulator notices, within 2,000 seeds:', { timeout: 120_000 }, () => {
  const seeds = parseTable(readFileSync(TABLE, 'utf8'));

  it('at least 15 bugs, each with its row in the table', () => {
    expect(SABOTAGES.length).toBeGreaterThanOrEqual(15);
    expect([...seeds.keys()]).toEqual(SABOTAGES.map(({ name }) => name));
  });

  for (const sabotage of SABOTAGES) {
    it(sabotage.name, () => {
      // The recorded seed first; after a change of the transport another may be the one.
      const finding = findAt(sabotage, seeds.get(sabotage.name) ?? 0) ?? findFirst(sabotage);
      expect(finding).toBeDefined();
    });
  }

  it('nothing, once every bug is out again', () => {
    const healthy = { name: 'none', apply: () => () => undefined };
    for (let seed = 0; seed < 50; seed += 1) expect(findAt(healthy, seed)).toBeUndefined();
  });
});
