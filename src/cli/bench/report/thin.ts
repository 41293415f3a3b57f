/** Fewer points, the same picture. */

/** Points with ascending x; arrays of equal length. */
export interface Points {
  readonly xs: readonly number[];
  readonly ys: readonly number[];
}

/**
 * A curve in at most `most` points: the span of x is cut into equal parts, and of each part the
 * first, lowest, highest and last point stay, in their order, so that no peak is lost. Points that
 * are not finite are left out.
 */
export function thinCurve(points: Points, most: number): Points {
  const finite = finitePoints(points);
  const { xs, ys } = finite;
  if (xs.length <= most) return finite;
  const parts = Math.max(1, Math.floor(most / 4));
  const from = xs[0] ?? 0;
  const span = (xs.at(-1) ?? 0) - from || 1;
  const kept: number[] = [];
  let start = 0;
  for (let part = 0; part < parts && start < xs.length; part += 1) {
    const end = part === parts - 1 ? Infinity : from + (span * (part + 1)) / parts;
    let low = start;
    let high = start;
    let next = start;
    while (next < xs.length && (xs[next] ?? 0) < end) {
      if ((ys[next] ?? 0) < (ys[low] ?? 0)) low = next;
      if ((ys[next] ?? 0) > (ys[high] ?? 0)) high = next;
      next += 1;
    }
    if (next > start) kept.push(...new Set([start, low, high, next - 1].sort((a, b) => a - b)));
    start = next;
  }
  return pick(finite, kept);
}

/** Single marks in at most `most`: evenly taken from all, the first and the last included. */
export function thinMarks(points: Points, most: number): Points {
  const count = points.xs.length;
  if (count <= most) return points;
  const step = (count - 1) / Math.max(1, most - 1);
  return pick(
    points,
    Array.from({ length: most }, (_, index) => Math.round(index * step)),
  );
}

function finitePoints(points: Points): Points {
  const indices = points.ys.flatMap((y, index) => (Number.isFinite(y) ? [index] : []));
  return indices.length === points.xs.length ? points : pick(points, indices);
}

function pick({ xs, ys }: Points, indices: readonly number[]): Points {
  return {
    xs: indices.map((index) => xs[index] ?? 0),
    ys: indices.map((index) => ys[index] ?? 0),
  };
}
