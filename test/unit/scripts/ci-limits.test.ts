import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const script = readFileSync(new URL('../../../.ci/run', import.meta.url), 'utf8');

it('the stages of .ci/run together may take 30 minutes', () => {
  const limits = [...script.matchAll(/^stage \S+ (\d+) /gm)].map(([, seconds]) => Number(seconds));
  expect(limits).toHaveLength([...script.matchAll(/^stage /gm)].length);
  expect(limits.length).toBeGreaterThan(5);
  expect(limits.reduce((sum, seconds) => sum + seconds, 0)).toBeLessThanOrEqual(30 * 60);
});
