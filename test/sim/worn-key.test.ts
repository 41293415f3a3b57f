/** What happens when forgeries have been tried on a key as often as it bears. */
import { describe, expect, it } from 'vitest';
import { uint32 } from '../../src/wire/bytes.ts';
import { ERROR } from '../../src/wire/codes.ts';
import { AT } from '../../src/wire/layout.ts';
import { finishSegment } from '../../src/wire/segment-write.ts';
import type { Packet } from './net.ts';
import { noiseOf, openSealed } from './sealed.ts';

const LIMIT = 40;

/** A connection to whose server `count` forged segments have come, each with a new number. */
function attacked(count: number) {
  const scene = openSealed({}, { protection: noiseOf(2, { maxFailedOpens: LIMIT }) });
  const { net, server, client, near } = scene;
  near.say('again');
  net.run(1_000);
  const isOurs = ({ from }: Packet): boolean => from === client.address;
  const last = net.sent.filter(isOurs).at(-1)!;
  for (let i = 0; i < count; i += 1) {
    const bytes = last.bytes.slice();
    new DataView(bytes.buffer).setUint32(22, uint32(bytes, 22) + 100 + i);
    finishSegment(bytes, 0, bytes[AT.HEADER_LENGTH]!);
    net.inject({ ...last, bytes });
  }
  net.run(100);
  expect(server.drops()['seal']).toBeGreaterThanOrEqual(count);
  return scene;
}

describe('a key that was attacked too often', () => {
  it('P-KEY-08 ends the connection, and both sides know why', () => {
    const { net, server, near, far } = attacked(LIMIT);
    expect(far.closed).toEqual({ kind: 'violation', by: 'peer', rule: 'P-KEY-08' });
    expect(near.closed).toEqual({ kind: 'aborted', by: 'peer', code: ERROR.PROTOCOL });
    net.run(300_000);
    expect([server.endpoint.connectionCount, server.endpoint.quietCount]).toEqual([0, 0]);
  });

  it('P-KEY-08 P-KEY-04 goes on one forgery below that', () => {
    const { net, near, far } = attacked(LIMIT - 1);
    near.say('still here');
    net.run(1_000);
    expect(far.messages).toEqual(['hello', 'again', 'still here']);
    expect([near.closed, far.closed]).toEqual([undefined, undefined]);
  });
});
