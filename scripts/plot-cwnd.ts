/** `npm run plot`: draws the congestion window of each controller over one simulated link. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { simulateGoodput } from '../src/sim/goodput.ts';
import { CONTROLLER_NAMES, type ControllerName } from '../src/transport/config.ts';
import type { TraceRecord, TraceSink } from '../src/transport/trace.ts';

interface Sample {
  readonly ms: number;
  readonly cwndSegments: number;
  readonly cause: string;
}

const SEGMENT_BYTES = 1400;
const LINK = { rateBitsPerSecond: 20e6, rttMs: 40, loss: 0.002, bytes: 12_000_000, seed: 7 };
const LIMIT_MS = 6000;
const WIDTH = 860;
const PANEL_HEIGHT = 190;
const LEFT = 56;
const TOP = 34;

/** Readings of cwnd at the sender, one per acknowledgement, loss or timeout. */
function run(controller: ControllerName): Sample[] {
  const samples: Sample[] = [];
  const trace: TraceSink = {
    enabled: true,
    record: (nowMs: number, _id: number, record: TraceRecord) => {
      if (record.kind !== 'congestion') return;
      samples.push({
        ms: nowMs,
        cwndSegments: record.cwndBytes / SEGMENT_BYTES,
        cause: record.cause,
      });
    },
  };
  simulateGoodput({ ...LINK, controller, limitMs: LIMIT_MS, trace });
  return samples;
}

function panel(name: string, samples: readonly Sample[], top: number, most: number): string {
  const x = (ms: number): string => (LEFT + (ms / LIMIT_MS) * (WIDTH - LEFT - 16)).toFixed(1);
  const base = top + PANEL_HEIGHT - 28;
  const y = (segments: number): string =>
    (base - (segments / most) * (PANEL_HEIGHT - 56)).toFixed(1);
  const line = samples.map(({ ms, cwndSegments }) => `${x(ms)},${y(cwndSegments)}`).join(' ');
  const dots = samples
    .filter(({ cause }) => cause !== 'ack')
    .map(({ ms, cause, cwndSegments }) => {
      const fill = cause === 'loss' ? '#d97706' : '#dc2626';
      return `<circle cx="${x(ms)}" cy="${y(cwndSegments)}" r="3" fill="${fill}"/>`;
    });
  const seconds = Array.from({ length: LIMIT_MS / 1000 + 1 }, (_, second) => {
    const at = x(second * 1000);
    return `<text x="${at}" y="${base + 16}" text-anchor="middle">${second} s</text>`;
  });
  const half = Math.round(most / 2);
  const marks = [0, half, most].map((segments) => {
    const at = y(segments);
    return (
      `<text x="${LEFT - 8}" y="${Number(at) + 4}" text-anchor="end">${segments}</text>` +
      `<line x1="${LEFT}" x2="${WIDTH - 16}" y1="${at}" y2="${at}" class="grid"/>`
    );
  });
  return [
    `<text x="${LEFT}" y="${top + 14}" class="name">${name}: cwnd in segments</text>`,
    ...marks,
    ...seconds,
    `<polyline points="${line}" fill="none" stroke="#2563eb" stroke-width="1.4"/>`,
    ...dots,
  ].join('\n');
}

function draw(): string {
  const runs = CONTROLLER_NAMES.map((name) => ({ name, samples: run(name) }));
  const highest = Math.max(...runs.flatMap(({ samples }) => samples.map((s) => s.cwndSegments)));
  const most = Math.ceil(highest / 20) * 20;
  const height = TOP + runs.length * PANEL_HEIGHT;
  const title =
    `20 Mbit/s, 40 ms, 0.2 % loss, seed ${LINK.seed}, virtual time; ` +
    'orange: fast recovery, red: timeout';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}">`,
    '<style>text{font:12px sans-serif;fill:#777}.name{font-weight:bold}' +
      '.grid{stroke:#999;stroke-opacity:.35}</style>',
    `<text x="${LEFT}" y="18">${title}</text>`,
    ...runs.map(({ name, samples }, i) => panel(name, samples, TOP + i * PANEL_HEIGHT, most)),
    '</svg>\n',
  ].join('\n');
}

mkdirSync('docs/img', { recursive: true });
writeFileSync('docs/img/cwnd.svg', draw());
console.log('docs/img/cwnd.svg');
