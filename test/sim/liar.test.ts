import { describe, expect, it } from 'vitest';
import { accepted } from '../unit/transport/player.ts';
import { pattern } from '../unit/transport/segments.ts';
import { catchLiar, LIAR_WINDOW_SEGMENTS } from './liar.ts';

const SEEDS = 1_000;
const SEGMENTS = 40;

/** The window after everything was acknowledged, in one piece or in many. */
function cwndAfter(pieces: number, copies: number): { cwndBytes: number; sent: number } {
  const scene = accepted({ connection: { initialWindowSegments: SEGMENTS } });
  const { station, player, connection } = scene;
  station.sendBytes(connection, pattern(SEGMENTS * 1_368));
  const sent = station.drain().filter(({ kind }) => kind === 'dat');
  expect(sent).toHaveLength(SEGMENTS);
  station.nowMs += 20;
  const size = SEGMENTS / pieces;
  for (let piece = 0; piece < pieces; piece += 1) {
    const part = sent.slice(piece * size, (piece + 1) * size);
    player.ack = part.at(-1)!.seq + 1;
    const ack = { told: part.map(({ txn }) => txn) };
    for (let copy = 0; copy < copies; copy += 1) player.feed(player.acknowledge(ack));
  }
  return { cwndBytes: connection.stats().cwndBytes, sent: sent.length };
}

describe('a receiver that lies', () => {
  it('P-TXN-05 P-ACK-06 is found within one window, at a thousand seeds', () => {
    let most = 0;
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const segments = catchLiar(seed);
      if (segments === undefined) expect.fail(`seed ${seed}: not found`);
      most = Math.max(most, segments);
    }
    expect(most).toBeLessThanOrEqual(LIAR_WINDOW_SEGMENTS);
  });

  it('P-ACK-04 gains nothing by repeating what it said', () => {
    expect(cwndAfter(1, 5)).toEqual(cwndAfter(1, 1));
    expect(cwndAfter(SEGMENTS, 5)).toEqual(cwndAfter(SEGMENTS, 1));
  });

  it('P-ACK-04 gains nothing by saying it in pieces: growth is by bytes', () => {
    const most = 2 * SEGMENTS * 1_400;
    for (const pieces of [1, 2, 8, SEGMENTS]) {
      expect(cwndAfter(pieces, 1).cwndBytes).toBeLessThanOrEqual(most);
    }
  });
});
