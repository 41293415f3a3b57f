/** A receiver that acknowledges every number up to the newest, whether it came or not. */
import { SeededRandom } from '../../src/util/random.ts';
import { accepted } from '../unit/transport/player.ts';
import { text } from '../unit/transport/segments.ts';

/** Segments that the liar grants: its one window. */
export const LIAR_WINDOW_SEGMENTS = 1_024;

/** @returns how many segments left before `seed`'s liar was found; undefined when it was not */
export function catchLiar(seed: number): number | undefined {
  const grants = { windowSegments: LIAR_WINDOW_SEGMENTS };
  const { station, player, connection, app } = accepted(
    { endpoint: { random: new SeededRandom(seed) } },
    grants,
  );
  let told = station.sent.at(-1)!.txn;
  let segments = 0;
  while (segments < LIAR_WINDOW_SEGMENTS) {
    while (connection.sendMessage(text('x')));
    const news = station.drain().filter(({ kind }) => kind === 'op');
    if (news.length === 0) return undefined;
    segments += news.length;
    station.nowMs += 10;
    const newest = news.at(-1)!;
    player.ack = newest.seq + 1;
    // The gaps between the numbers are transmissions that were skipped.
    const claim = Array.from({ length: newest.txn - told }, (_, i) => told + 1 + i);
    told = newest.txn;
    player.feed(player.acknowledge({ told: claim }));
    if (app.closed === undefined) continue;
    const { kind } = app.closed;
    return kind === 'violation' && app.closed.rule === 'P-ACK-06' ? segments : undefined;
  }
  return undefined;
}
