/** How each host of a seed is set up; the two sides of a connection need not agree. */
import { DEFAULT_CONNECTION_CONFIG } from '../transport/config.ts';
import { SeededRandom } from '../util/random.ts';
import type { Scenario } from './scenario.ts';

const JUMBO_BYTES = 9_000;

export interface Tuning {
  readonly segmentBytes: number;
  readonly acceptSegmentBytes: number;
  readonly sendQueueBytes: number;
  readonly ackEverySegments: number;
  readonly maxAckDelayMs: number;
  readonly controlCopies: number;
}

/** @param host 0 = the server, else the client's number */
export function drawTuning(scenario: Scenario, host: number): Tuning {
  const random = SeededRandom.named(scenario.seed, `tuning ${host}`);
  const { sendQueueBytes, ackEverySegments, maxAckDelayMs } = DEFAULT_CONNECTION_CONFIG;
  const usual = { sendQueueBytes, ackEverySegments, maxAckDelayMs, controlCopies: 1 };
  // A large transfer shall really fill its window, so it has one from the start.
  if (scenario.isLarge) return { ...usual, ...sizes(1_400, 1_500), sendQueueBytes: 4_194_304 };
  const isJumbo = random.chance(0.15);
  const size = isJumbo
    ? sizes(random.integer(1_400, JUMBO_BYTES), JUMBO_BYTES)
    : sizes(scenario.segmentBytes, random.chance(0.8) ? 1_500 : random.integer(1_200, 1_500));
  if (random.chance(0.5)) return { ...usual, ...size };
  return {
    ...size,
    sendQueueBytes: 4_096 << random.integer(0, 8),
    ackEverySegments: 1 << random.integer(0, 6),
    maxAckDelayMs: random.integer(1, 200),
    controlCopies: random.chance(0.8) ? 1 : random.integer(2, 8),
  };
}

type Sizes = Pick<Tuning, 'segmentBytes' | 'acceptSegmentBytes'>;

function sizes(segmentBytes: number, acceptSegmentBytes: number): Sizes {
  return { segmentBytes, acceptSegmentBytes };
}
