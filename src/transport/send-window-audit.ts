/** A costly check of all that a send window derives from its columns, for the simulator. */
import { BACKOFF_LEVELS } from './backoff-lists.ts';
import { SEGMENT, type SendWindow } from './send-window.ts';

/** What is wrong with `window`; undefined when all is well. */
export function auditSendWindow(window: SendWindow): string | undefined {
  let flight = 0;
  let lost = 0;
  for (let seq = window.sndUna; seq < window.sndNxt; seq += 1) {
    const state = window.stateOf(seq);
    if (state === SEGMENT.IN_FLIGHT) flight += window.wireBytesOf(seq);
    if (state === SEGMENT.LOST) lost += 1;
    if (state === SEGMENT.FREE) return `segment ${seq} in the window is free`;
  }
  if (flight !== window.flightBytes) return `flight ${window.flightBytes}, scoreboard ${flight}`;
  if (lost !== window.lostCount) return `lost ${window.lostCount}, scoreboard ${lost}`;
  for (let level = 0; level < BACKOFF_LEVELS; level += 1) {
    let before = -Infinity;
    for (const seq of window.listOf(level)) {
      if (window.sentMsOf(seq) < before) return `level ${level} is out of order`;
      before = window.sentMsOf(seq);
      flight -= window.wireBytesOf(seq);
    }
  }
  return flight === 0 ? undefined : 'the timeout lists miss a segment';
}
