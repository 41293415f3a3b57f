/**
 * docs/LIMITS.md against the code and against test/bounds: every cap is listed, says what its
 * constant says, and has a driver that fills it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Bound, BOUNDS } from './bounds/registry.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['util', 'wire', 'crypto', 'transport', 'io', 'service'];

/** What a row says, in the order of the table's columns. */
function cellsOf({ what, cap, constant, file, seenBy, atCap, name }: Bound): string[] {
  return [what, String(cap), constant, file, seenBy, atCap, name];
}

/** Rows of the tables; other lines have other numbers of cells. */
function documented(): string[][] {
  const text = readFileSync(join(ROOT, 'docs/LIMITS.md'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2, -2).split(' | '))
    .filter(([what]) => what !== 'what');
}

/** `NAME`, or `NAME.field` of an object of caps. */
function valueOf(module: Record<string, unknown>, constant: string): unknown {
  const [name = '', field] = constant.split('.');
  const value = module[name];
  if (field === undefined) return value;
  return (value as Record<string, unknown> | undefined)?.[field];
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
  it('says what test/bounds drives, row by row', () => {
    expect(documented()).toEqual(BOUNDS.map(cellsOf));
  });

  it.each(BOUNDS)('says what $constant in $file says', async ({ cap, constant, file }) => {
    if (constant === '–') {
      // The rule itself is the cap: it stands in that file and has no number.
      expect(existsSync(join(ROOT, file))).toBe(true);
      return;
    }
    const module = (await import(join(ROOT, file))) as Record<string, unknown>;
    expect(valueOf(module, constant)).toBe(cap);
  });

  it('lists every named cap', () => {
    const listed = new Set(BOUNDS.map(({ constant, file }) => `${constant} ${file}`));
    const missing = namedCaps().filter((cap) => !listed.has(cap) && !NOT_CAPS.has(cap));
    expect(missing).toEqual([]);
  });

  it('names a driver that is there', () => {
    for (const { name, drive } of BOUNDS) expect(name.split('.')[1]).toBe(drive.name);
  });
});
