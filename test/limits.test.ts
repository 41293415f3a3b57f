/** docs/LIMITS.md against the code: every cap is listed, and says what the constant says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface Row {
  readonly cap: number;
  readonly constant: string;
  readonly file: string;
}

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['util', 'wire', 'crypto', 'transport', 'io', 'service'];

function rows(): Row[] {
  const text = readFileSync(join(ROOT, 'docs/LIMITS.md'), 'utf8');
  const found = text.matchAll(/^\|[^|]+\| (\d+) \| ([A-Z_]+) \| (src\/[a-z/.-]+) \|/gm);
  return [...found].map(([, cap, constant, file]) => ({
    cap: Number(cap),
    constant: constant ?? '',
    file: file ?? '',
  }));
}

function namedCaps(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, 'src', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => {
        const file = `src/${folder}/${name}`;
        const text = readFileSync(join(ROOT, file), 'utf8');
        return [...text.matchAll(/^export const ((?:MAX_\w+)|(?:\w+_MAX_BYTES)) =/gm)].map(
          ([, constant]) => `${constant ?? ''} ${file}`,
        );
      }),
  );
}

/** Constants named MAX_ that are values of the protocol's timing, not caps of a resource. */
const NOT_CAPS = new Set(['MAX_RTO_SHORT_PATH_MS src/transport/rtt-estimator.ts']);

describe('docs/LIMITS.md', () => {
  it.each(rows())('says what $constant in $file says', async ({ cap, constant, file }) => {
    const module = (await import(join(ROOT, file))) as Record<string, unknown>;
    expect(module[constant]).toBe(cap);
  });

  it('lists every named cap', () => {
    const listed = new Set(rows().map(({ constant, file }) => `${constant} ${file}`));
    const missing = namedCaps().filter((cap) => !listed.has(cap) && !NOT_CAPS.has(cap));
    expect(missing).toEqual([]);
  });
});
