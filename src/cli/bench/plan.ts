/** Which runs there are, in which order. */
import { DEFAULT_CONNECTION_CONFIG } from '../../transport/config.ts';
import type { ControllerName } from '../../transport/config.ts';
import { UsageError } from '../usage-error.ts';
import type { BenchFlags } from './bench-flags.ts';
import { PLAIN_LINK } from './link-spec.ts';
import type { LinkSpec } from './link-spec.ts';
import type { RunOrder } from './run.ts';

export interface PlannedRun {
  readonly linkName: string;
  /** From 1. */
  readonly number: number;
  readonly order: RunOrder;
}

const DEFAULT_BYTES = 20_000_000;

/** What a link is called that was put together from flags alone. */
const OWN_LINK = 'custom';

/**
 * Controllers take turns on the same link, so that whatever changes meanwhile meets them all.
 * @throws UsageError for a link over which nothing takes any virtual time
 */
export function planRuns(flags: BenchFlags): readonly PlannedRun[] {
  const named = flags.presets.map(({ name, link, sizeBytes }) => ({ name, link, sizeBytes }));
  const own = { name: OWN_LINK, link: PLAIN_LINK, sizeBytes: DEFAULT_BYTES };
  const controllers = flags.controllers ?? [DEFAULT_CONNECTION_CONFIG.controller];
  const plan = (named.length > 0 ? named : [own]).flatMap(({ name, link, sizeBytes }) =>
    Array.from({ length: flags.runs }, (_, index) =>
      controllers.map((controller) => ({
        linkName: name,
        number: index + 1,
        order: {
          link: { ...link, ...flags.link },
          sizeBytes: flags.sizeBytes ?? sizeBytes,
          controller,
          seed: flags.seed + index,
          limitMs: flags.runTimeMs,
        },
      })),
    ).flat(),
  );
  if (flags.isSimulated && plan.some(({ order }) => isInstant(order.link))) {
    throw new UsageError(
      'a link without rate and round trip takes no virtual time, so there is nothing to measure',
      'Give it a --rate or an --rtt, or leave out --simulate.',
    );
  }
  return plan;
}

function isInstant({ rateBitsPerSecond, rttMs, jitterMs }: LinkSpec): boolean {
  return rateBitsPerSecond === 0 && rttMs === 0 && jitterMs === 0;
}

/** Most runs that a report draws; their points are kept in memory until the end. */
export const DRAWN_RUNS = 150;

/** Whether a report draws this run: all of them while they are few, else the first of a row. */
export function isDrawn(plan: readonly PlannedRun[], run: PlannedRun): boolean {
  return plan.length <= DRAWN_RUNS || run.number === 1;
}

/** Runs of the same link under the same controller, in the order in which they first came. */
export function groupRuns<T extends PlannedRun>(runs: readonly T[]): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const run of runs) {
    const key = rowKey(run.linkName, run.order.controller);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  return [...groups.values()];
}

function rowKey(linkName: string, controller: ControllerName): string {
  return `${linkName} ${controller}`;
}
