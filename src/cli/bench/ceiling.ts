/** What a perfect sender would reach over a link: the measure that a row is held against. */
import { LINK_MTU_BYTES } from './link-spec.ts';
import type { LinkSpec } from './link-spec.ts';

/** Of each full datagram: IP and UDP headers, ours, and the tag of the seal. */
const IP_UDP_BYTES = 28;
const STREAM_HEADER_BYTES = 32;
const TAG_BYTES = 16;
const PAYLOAD_BYTES = LINK_MTU_BYTES - IP_UDP_BYTES - STREAM_HEADER_BYTES - TAG_BYTES;

/** Share of a sealed full datagram that is file. */
export const PAYLOAD_SHARE = PAYLOAD_BYTES / LINK_MTU_BYTES;

/** Round trips before the first byte of the file leaves, and after the last one has. */
const ROUNDS_BEFORE = 2;
const ROUNDS_AFTER = 1;
/** Full datagrams in the first flight, doubled with each round trip. */
const FIRST_FLIGHT = 32;

/**
 * Goodput of a sender that knows the link, Mbit/s: rate × (1 − loss) × payload share, less two
 * round trips for the opening, a start with 32 segments that doubles, one round trip to finish, and
 * the outages met on the way. Undefined where the link has no rate.
 */
export function ceilingMbps(link: LinkSpec, sizeBytes: number): number | undefined {
  const { rateBitsPerSecond, rttMs, loss } = link;
  if (rateBitsPerSecond === 0) return undefined;
  const bytesPerMs = (rateBitsPerSecond / 8000) * (1 - loss) * PAYLOAD_SHARE;
  const bytesPerRound = bytesPerMs * rttMs;
  let leftBytes = sizeBytes;
  let ms = ROUNDS_BEFORE * rttMs;
  let flightBytes = FIRST_FLIGHT * PAYLOAD_BYTES * (1 - loss);
  while (flightBytes < bytesPerRound && flightBytes < leftBytes) {
    leftBytes -= flightBytes;
    flightBytes *= 2;
    ms += rttMs;
  }
  // All is lost: nobody arrives anywhere.
  if (bytesPerMs === 0) return 0;
  ms += leftBytes / bytesPerMs + ROUNDS_AFTER * rttMs;
  for (const { fromMs, toMs } of link.outages) if (fromMs < ms) ms += toMs - fromMs;
  return (sizeBytes * 8) / 1000 / ms;
}
