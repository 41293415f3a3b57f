/** What a peer can announce about chunks that are held. */
import { ClientSession } from '../../../src/service/client-session.ts';
import { EXIT } from '../../../src/service/error.ts';
import {
  decodeClientMessage,
  decodeServerMessage,
  encodeMessage,
} from '../../../src/service/messages.ts';
import { channelPair } from '../../unit/service/fake-channel.ts';
import { settled } from '../../unit/service/login/door-rig.ts';
import { type Driver, fillEdge, tenth } from '../fill.ts';

/** A server that has more chunks compared than anybody asks for ends its session. */
export const chunksCompared: Driver = async (cap) => {
  const codeFor = async (have: number): Promise<number> => {
    const [near, far] = channelPair();
    const session = new ClientSession(near);
    await session.begin((id) => ({ op: 'get', id, path: ['a'], have: cap }));
    const answer = { kind: 'file', re: 1, size: 1, mtimeMs: 0, mode: 0, have } as const;
    await far.sendMessage(encodeMessage(answer));
    await settled();
    return session.error?.code ?? EXIT.OK;
  };
  const beyond = [await codeFor(cap + 1), await codeFor(cap + tenth(cap))];
  const refused = beyond.filter((code) => code === EXIT.PROTOCOL).length;
  const held = (await codeFor(cap)) === EXIT.OK ? cap : 0;
  return { held, beyond: refused === 2 ? cap : cap + 1, refused, counted: refused };
};

export const chunksTold: Driver = (cap) =>
  fillEdge(cap, (count) => {
    const digests = new Uint8Array(count * 32);
    return decodeServerMessage(encodeMessage({ op: 'chunks', id: 1, first: 0, digests })).ok;
  });

export const rangesWanted: Driver = (cap) =>
  fillEdge(cap, (count) => {
    const ranges = Array.from({ length: 2 * count }, (_, i) => i);
    return decodeClientMessage(encodeMessage({ op: 'want', id: 1, ranges })).ok;
  });
