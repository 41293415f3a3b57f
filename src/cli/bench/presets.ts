/** Links with a name. Flags beside a preset change it. */
import { describeLink, PLAIN_LINK } from './link-spec.ts';
import type { LinkSpec } from './link-spec.ts';

export interface Preset {
  readonly name: string;
  readonly about: string;
  readonly link: LinkSpec;
  readonly sizeBytes: number;
}

/** The rows by which sellers of accelerators have compared themselves with TCP for decades. */
function classic(rttMs: number, loss: number, about: string): Preset {
  const link = { ...PLAIN_LINK, rateBitsPerSecond: 155_000_000, rttMs, loss };
  return { name: `classic-${rttMs}`, about, link, sizeBytes: 50_000_000 };
}

export const PRESETS: readonly Preset[] = [
  classic(10, 0.001, 'within a region'),
  classic(90, 0.01, 'across a continent'),
  classic(150, 0.02, 'between continents'),
  classic(200, 0.02, 'half around the world'),
  classic(550, 0.05, 'over a geostationary satellite, badly'),
  {
    name: 'satellite',
    about: 'a geostationary satellite at home',
    link: { ...PLAIN_LINK, rateBitsPerSecond: 20_000_000, rttMs: 600, loss: 0.01 },
    sizeBytes: 10_000_000,
  },
  {
    name: 'mobile',
    about: 'a telephone on the move, before a deep queue',
    link: {
      ...PLAIN_LINK,
      rateBitsPerSecond: 30_000_000,
      rttMs: 60,
      loss: 0.005,
      burst: 3,
      jitterMs: 15,
      queue: { kind: 'products', products: 3 },
    },
    sizeBytes: 20_000_000,
  },
  {
    name: 'transoceanic',
    about: 'a fat pipe under the sea',
    link: { ...PLAIN_LINK, rateBitsPerSecond: 300_000_000, rttMs: 180, loss: 0.001 },
    sizeBytes: 100_000_000,
  },
  {
    name: 'wifi',
    about: 'a crowded wireless net',
    link: {
      ...PLAIN_LINK,
      rateBitsPerSecond: 80_000_000,
      rttMs: 8,
      loss: 0.01,
      burst: 4,
      jitterMs: 4,
      reorder: 0.005,
    },
    sizeBytes: 20_000_000,
  },
];

/** A name for several. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  classic: PRESETS.filter(({ name }) => name.startsWith('classic-')).map(({ name }) => name),
  all: PRESETS.map(({ name }) => name),
};

/** Presets by name, several between commas, each once; undefined when one is not known. */
export function presetsNamed(text: string): readonly Preset[] | undefined {
  const names = text.split(',').flatMap((word) => {
    const name = word.trim();
    return Object.hasOwn(GROUPS, name) ? (GROUPS[name] ?? []) : [name];
  });
  const found = [...new Set(names)].map((name) => PRESETS.find((preset) => preset.name === name));
  const known = found.filter((preset) => preset !== undefined);
  return known.length === found.length ? known : undefined;
}

/** All of them, one a line, and the groups. */
export function presetList(): string {
  const width = Math.max(...PRESETS.map(({ name }) => name.length));
  const lines = PRESETS.map(
    ({ name, about, link }) => `${name.padEnd(width)}  ${about}: ${describeLink(link)}`,
  );
  const groups = Object.entries(GROUPS).map(
    ([name, members]) => `${name.padEnd(width)}  ${members.length} of these at once`,
  );
  return [...lines, ...groups].join('\n');
}
