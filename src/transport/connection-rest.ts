/**
 * What a connection that says nothing holds. Most connections of a busy server are at rest, so what
 * only a flow needs comes with its first segment and goes when it has been quiet for a while.
 */
import type { ConnectionParts } from './connection-parts.ts';
import type { ReceivePipeline } from './receive-pipeline.ts';

/** Gives back what a connection does not need before its next segment. */
export function rest(parts: ConnectionParts, receiving: ReceivePipeline): void {
  const { window, log, rate, receive, tracker } = parts;
  receiving.rest();
  window.rest();
  if (window.count === 0) rate.rest();
  log.rest();
  receive?.rest();
  tracker?.rest();
}

/** Bytes of the columns that grow with a flow. */
export function heldBytes({ window, log, rate, receive, tracker }: ConnectionParts): number {
  const ownBytes = window.heldBytes + log.heldBytes + rate.heldBytes;
  return ownBytes + (receive?.heldBytes ?? 0) + (tracker?.heldBytes ?? 0);
}
