/** How a connection ends that nobody has closed. */
import { ERROR } from '../wire/codes.ts';
import type { ConnectionParts } from './connection-parts.ts';

/** Patience or the idle limit has run out. */
export function giveUp(parts: ConnectionParts, cause: 'silence' | 'idle'): void {
  const { advice } = parts.opening;
  if (!parts.isEstablished) {
    parts.end({ kind: 'timedOut', phase: 'opening', advice }, undefined);
  } else if (cause === 'idle') {
    parts.end({ kind: 'timedOut', phase: 'idle', advice }, ERROR.IDLE);
    parts.liveness.onStream(Infinity); // said once; the closing has its own limits
  } else if (parts.closing.isAnswered) {
    // All of ours is acknowledged, the peer has said that it knows, and then fell silent.
    parts.end({ kind: 'finished' }, undefined);
  } else {
    const phase = parts.closing.isWanted ? 'closing' : 'silence';
    parts.end({ kind: 'timedOut', phase, advice }, undefined);
  }
  parts.isGone = parts.isGone || cause === 'silence';
}
