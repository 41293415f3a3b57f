/** Forged segments by the thousand at a live connection, both ways, and what they changed. */
import type { Channel } from '../../src/io/channel.ts';
import type { Listener } from '../../src/io/listen.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { forgeSegment } from './attacker.ts';
import { waitFor } from './rig.ts';
import type { Wiretap } from './wiretap.ts';

/** As many as a socket's queue surely holds; then the listener has to have seen them. */
const CHUNK = 256;
const CHUNK_LIMIT_MS = 10_000;

export interface ForgedRun {
  /** Sent to the server, and as many to the client. */
  readonly sent: number;
  /** Dropped by the server meanwhile. */
  readonly dropped: number;
  readonly resets: number;
}

function dropsOf(listener: Listener): number {
  return Object.values(listener.stats().drops).reduce((sum, count) => sum + count, 0);
}

/** @param count how many to each side */
export async function forgeMany(
  tap: Wiretap,
  listener: Listener,
  count: number,
  seed: number,
): Promise<ForgedRun> {
  const random = new SeededRandom(seed);
  const before = dropsOf(listener);
  for (let sent = 0; sent < count; sent += CHUNK) {
    const wanted = listener.stats().datagramsReceived + CHUNK;
    const [toServer, toClient] = [tap.direction('toServer'), tap.direction('toClient')];
    for (let i = 0; i < CHUNK; i += 1) {
      tap.inject(forgeSegment(random, toServer), 'toServer');
      tap.inject(forgeSegment(random, toClient), 'toClient');
    }
    await waitFor(() => listener.stats().datagramsReceived >= wanted, CHUNK_LIMIT_MS);
  }
  const { resetsSent } = listener.stats();
  return { sent: count, dropped: dropsOf(listener) - before, resets: resetsSent };
}

/** Whatever of a connection a forged segment could move. */
export function stateOf(channel: Channel): Record<string, unknown> {
  const { state, bytesDelivered, bytesAcknowledged, segmentsSent, cwndBytes } = channel.stats();
  return {
    ...{ state, bytesDelivered, bytesAcknowledged, segmentsSent, cwndBytes },
    peer: channel.peer.key,
    isClosed: channel.isClosed,
  };
}
