/** The flags of `lftp bench`; what is not given stays open for a preset or the default. */
import { CONTROLLER_NAMES } from '../../transport/config.ts';
import type { ControllerName } from '../../transport/config.ts';
import type { FlagSource } from '../flag-source.ts';
import { parseBitRate, parseBytes, parseDuration, parseShare } from '../units.ts';
import type { LinkSpec, Queue } from './link-spec.ts';
import { presetsNamed } from './presets.ts';
import type { Preset } from './presets.ts';

export interface BenchFlags {
  readonly isSimulated: boolean;
  /** Empty: the link of the other flags alone. */
  readonly presets: readonly Preset[];
  /** `--preset list`. */
  readonly wantsPresetList: boolean;
  /** What was given of the link. */
  readonly link: Partial<LinkSpec>;
  readonly sizeBytes: number | undefined;
  readonly controllers: readonly ControllerName[] | undefined;
  readonly runs: number;
  readonly seed: number;
  /** Longest run; ms. */
  readonly runTimeMs: number;
  readonly report: string | undefined;
}

/** Runs of one row. */
const MOST_RUNS = 100;
const DEFAULT_RUNS = 3;
const DEFAULT_RUN_TIME_MS = 30_000;
/** Above it the numbers of transmissions of one run would not fit into memory. */
const MOST_BYTES = 100_000_000_000;
const LONGEST_RTT_MS = 60_000;

type Outages = LinkSpec['outages'];

/** @throws UsageError naming the flag or its variable */
export function readBenchFlags(source: FlagSource): BenchFlags {
  const presets = source.text('preset');
  const wantsPresetList = presets === 'list';
  return {
    isSimulated: source.isSet('simulate'),
    wantsPresetList,
    presets: wantsPresetList
      ? []
      : (source.parsed('preset', presetsNamed, 'preset; --preset list shows them') ?? []),
    link: given({
      rateBitsPerSecond: source.parsed('rate', parseBitRate, 'rate such as 100Mbit or 12MB'),
      rttMs: source.parsed('rtt', delay, 'time of at most 60s, such as 20ms'),
      loss: source.parsed('loss', share, SHARE),
      ackLoss: source.parsed('ack-loss', share, SHARE),
      burst: source.parsed('burst', burst, 'mean length of at least 1, such as 3'),
      jitterMs: source.parsed('jitter', delay, 'time of at most 60s, such as 5ms'),
      reorder: source.parsed('reorder', share, SHARE),
      duplicate: source.parsed('dup', share, SHARE),
      queue: source.parsed('queue', queue, 'queue such as 256KB or 1bdp'),
      outages: source.parsed('outage', parseOutages, 'outage such as 2s@5s'),
    }),
    sizeBytes: source.parsed('size', size, 'size such as 20MB, at least 1 and at most 100GB'),
    controllers: source.choices('cc', CONTROLLER_NAMES),
    runs: source.parsed('runs', runs, `number of 1 to ${MOST_RUNS}`) ?? DEFAULT_RUNS,
    seed: source.natural('seed') ?? 1,
    runTimeMs: source.parsed('run-time', runTime, 'time such as 30s') ?? DEFAULT_RUN_TIME_MS,
    report: source.text('report'),
  };
}

const SHARE = 'share such as 1% or 0.01';

/** Without the entries that are undefined, so that they override nothing. */
function given(link: { [K in keyof LinkSpec]: LinkSpec[K] | undefined }): Partial<LinkSpec> {
  const entries = Object.entries(link).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

/** Without a unit most would mean milliseconds, and elsewhere it is seconds: only 0 is neither. */
function delay(text: string): number | undefined {
  const ms = parseDuration(text);
  if (ms === undefined || (ms > 0 && /^[\d.]+$/.test(text.trim()))) return undefined;
  return ms <= LONGEST_RTT_MS ? ms : undefined;
}

/** A bare 1 may be meant as one in a hundred; whoever wants all of it says 100%. */
function share(text: string): number | undefined {
  return /^1(?:\.0*)?$/.test(text.trim()) ? undefined : parseShare(text);
}

function runTime(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms > 0 && ms < 2 ** 31 ? ms : undefined;
}

function size(text: string): number | undefined {
  const bytes = parseBytes(text);
  return bytes !== undefined && bytes >= 1 && bytes <= MOST_BYTES ? bytes : undefined;
}

function runs(text: string): number | undefined {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= MOST_RUNS ? count : undefined;
}

function burst(text: string): number | undefined {
  const length = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : 0;
  return length >= 1 && length <= 10_000 ? length : undefined;
}

/** A queue must take one full datagram, or nothing ever passes. */
const LEAST_QUEUE_BYTES = 3_000;

function queue(text: string): Queue | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*bdp$/i.exec(text.trim());
  if (match !== null) {
    const products = Number(match[1]);
    return products > 0 && products <= 1000 ? { kind: 'products', products } : undefined;
  }
  const bytes = parseBytes(text);
  const isEnough = bytes !== undefined && bytes >= LEAST_QUEUE_BYTES;
  return isEnough ? { kind: 'bytes', bytes } : undefined;
}

/** `2s@5s,1s@20s`: lengths and beginnings, ascending and apart. */
export function parseOutages(text: string): Outages | undefined {
  const outages = text.split(',').map((part) => {
    const [length = '', from = '', ...rest] = part.split('@');
    const lengthMs = rest.length === 0 ? parseDuration(length) : undefined;
    const fromMs = parseDuration(from);
    if (lengthMs === undefined || lengthMs === 0 || fromMs === undefined) return undefined;
    return { fromMs, toMs: fromMs + lengthMs };
  });
  const found = outages.filter((outage) => outage !== undefined);
  const isApart = found.every(({ fromMs }, index) => fromMs >= (found[index - 1]?.toMs ?? 0));
  return found.length === outages.length && isApart ? found : undefined;
}
