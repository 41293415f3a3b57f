/** What the application of a connection is told, in order; each event is an edge, none queued. */
import type { ConnectionParts } from './connection-parts.ts';
import type { ConnectionEvent } from './types.ts';

/** The next event of `parts`, which is thereby told; undefined when there is none. */
export function nextEvent(parts: ConnectionParts): ConnectionEvent | undefined {
  if (parts.isEstablishedNews) {
    parts.isEstablishedNews = false;
    return { kind: 'established' };
  }
  if (parts.inbox.takeNewMessage()) return { kind: 'message' };
  if (parts.inbox.takeReadable()) return { kind: 'readable' };
  if (parts.queue.takeWritable()) return { kind: 'writable' };
  if (parts.isPeerFinishedNews) {
    parts.isPeerFinishedNews = false;
    return { kind: 'peerFinished' };
  }
  if (!parts.isClosedNews || parts.reason === undefined) return undefined;
  // After an orderly end what has come can still be read; `closed` is said once it has been.
  if (parts.reason.kind === 'finished' && !parts.inbox.isEmpty) return undefined;
  parts.isClosedNews = false;
  return { kind: 'closed', reason: parts.reason };
}
