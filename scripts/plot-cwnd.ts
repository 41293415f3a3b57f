/** `npm run plot`: draws the congestion window of controllers over one simulated link. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { simulateGoodput } from '../src/sim/goodput.ts';
import { type ControllerName, DEFAULT_CONNECTION_CONFIG } from '../src/transport/config.ts';
import type { TraceRecord, TraceSink } from '../src/transport/trace.ts';

interface Sample {
  readonly ms: number;
  readonly cwndSegments: number;
  readonly flightSegments: number;
  readonly cause: string;
}

interface Run {
  readonly name: ControllerName;
  readonly samples: readonly Sample[];
  readonly megabitsPerSecond: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const DRAWN: readonly ControllerName[] = ['newreno', 'cubic', 'bbr', 'bbr-tolerant'];
const SEGMENT_BYTES = DEFAULT_CONNECTION_CONFIG.segmentBytes;
const LINK = { rateBitsPerSecond: 20e6, rttMs: 40, loss: 0.002, bytes: 20_000_000, seed: 7 };
/** What the link holds without a queue. */
const BDP_SEGMENTS = (LINK.rateBitsPerSecond / 8) * (LINK.rttMs / 1000 / SEGMENT_BYTES);
const LIMIT_MS = 6000;
const WIDTH = 860;
const PANEL_HEIGHT = 180;
const LEFT = 56;
const TOP = 34;
/** What lies closer than this to the point before it does not show. */
const LEAST_STEP_PX = 1.2;

/** Colours by what they are for; read on white, and in the dark on nearly black. */
const STYLE = `
text{font:12px sans-serif;fill:#57606a}.name{font-weight:bold;fill:#24292f}
.grid{stroke:#8c959f;stroke-opacity:.35}.bdp{stroke:#57606a;stroke-dasharray:5 4}
.cwnd{fill:none;stroke:#2563eb;stroke-width:1.5}.flight{fill:none;stroke:#3b82f6;stroke-opacity:.6}
.loss{fill:#d97706}.timeout{fill:#dc2626}
@media(prefers-color-scheme:dark){text{fill:#9da7b3}.name{fill:#e6edf3}.bdp{stroke:#9da7b3}
.cwnd{stroke:#79b0ff}.flight{stroke:#60a5fa}.loss{fill:#f0a03c}.timeout{fill:#f87171}}`;

/** Readings at the sender, one per acknowledgement, loss or timeout. */
function run(name: ControllerName): Run {
  const samples: Sample[] = [];
  const trace: TraceSink = {
    enabled: true,
    record: (nowMs: number, _id: number, record: TraceRecord) => {
      if (record.kind !== 'congestion') return;
      samples.push({
        ms: nowMs,
        cwndSegments: record.cwndBytes / SEGMENT_BYTES,
        flightSegments: record.flightSizeBytes / SEGMENT_BYTES,
        cause: record.cause,
      });
    },
  };
  const wanted = { ...LINK, controller: name, limitMs: LIMIT_MS, trace };
  const { megabitsPerSecond } = simulateGoodput(wanted);
  return { name, samples, megabitsPerSecond };
}

function polyline(points: readonly Point[], kind: string): string {
  const kept: Point[] = [];
  for (const point of points) {
    const last = kept.at(-1);
    const isNear =
      last !== undefined &&
      Math.abs(point.x - last.x) < LEAST_STEP_PX &&
      Math.abs(point.y - last.y) < LEAST_STEP_PX;
    if (!isNear) kept.push(point);
  }
  const text = kept.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  return `<polyline points="${text}" class="${kind}"/>`;
}

function level(y: number, kind: string): string {
  const at = y.toFixed(1);
  return `<line x1="${LEFT}" x2="${WIDTH - 16}" y1="${at}" y2="${at}" class="${kind}"/>`;
}

function panel({ name, samples, megabitsPerSecond }: Run, top: number, most: number): string {
  const base = top + PANEL_HEIGHT - 28;
  const x = (ms: number): number => LEFT + (ms / LIMIT_MS) * (WIDTH - LEFT - 16);
  const y = (segments: number): number => base - (segments / most) * (PANEL_HEIGHT - 56);
  const dots = samples
    .filter(({ cause }) => cause === 'loss' || cause === 'timeout')
    .map(({ ms, cause, cwndSegments }) => {
      const at = `cx="${x(ms).toFixed(1)}" cy="${y(cwndSegments).toFixed(1)}"`;
      return `<circle ${at} r="3" class="${cause}"/>`;
    });
  const seconds = Array.from({ length: LIMIT_MS / 1000 + 1 }, (_, second) => {
    const at = x(second * 1000).toFixed(1);
    return `<text x="${at}" y="${base + 16}" text-anchor="middle">${second} s</text>`;
  });
  const marks = [0, most / 2, most].map((segments) => {
    const label = `<text x="${LEFT - 8}" y="${y(segments) + 4}" text-anchor="end">`;
    return `${label}${segments}</text>${level(y(segments), 'grid')}`;
  });
  const goodput = `${megabitsPerSecond.toFixed(1)} Mbit/s`;
  return [
    `<text x="${LEFT}" y="${top + 14}"><tspan class="name">${name}</tspan>  ${goodput}</text>`,
    ...marks,
    ...seconds,
    level(y(BDP_SEGMENTS), 'bdp'),
    polyline(
      samples.map(({ ms, flightSegments }) => ({ x: x(ms), y: y(flightSegments) })),
      'flight',
    ),
    polyline(
      samples.map(({ ms, cwndSegments }) => ({ x: x(ms), y: y(cwndSegments) })),
      'cwnd',
    ),
    ...dots,
  ].join('\n');
}

function draw(): string {
  const runs = DRAWN.map(run);
  const highest = Math.max(...runs.flatMap(({ samples }) => samples.map((s) => s.cwndSegments)));
  const most = Math.ceil(highest / 20) * 20;
  const title =
    `cwnd and flight (thin) in segments; 20 Mbit/s, 40 ms, 0.2 % loss, seed ${LINK.seed}, ` +
    'virtual time. Dashed: what the link holds; orange: fast recovery; red: timeout';
  const height = TOP + runs.length * PANEL_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}">`,
    `<style>${STYLE}</style>`,
    `<text x="${LEFT}" y="18">${title}</text>`,
    ...runs.map((each, i) => panel(each, TOP + i * PANEL_HEIGHT, most)),
    '</svg>\n',
  ].join('\n');
}

mkdirSync('docs/img', { recursive: true });
writeFileSync('docs/img/cwnd.svg', draw());
console.log('docs/img/cwnd.svg');
