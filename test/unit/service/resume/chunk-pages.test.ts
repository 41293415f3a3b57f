import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../../src/service/error.ts';
import { ChunkPages } from '../../../../src/service/resume/chunk-pages.ts';
import { tellChunks } from '../../../../src/service/resume/tell-chunks.ts';
import { decodeServerMessage } from '../../../../src/service/messages.ts';
import { channelPair } from '../fake-channel.ts';
import { NEVER } from '../session-rig.ts';

const page = (first: number, count: number) => ({
  op: 'chunks' as const,
  id: 1,
  first,
  digests: new Uint8Array(32 * count).fill(first + 1),
});

describe('pages of digests', () => {
  it('are put together in order', async () => {
    const pages = new ChunkPages();
    pages.expect(3);
    pages.add(page(0, 2));
    pages.add(page(2, 1));
    const all = await pages.all;
    expect([all.length, all[0], all[63], all[64]]).toEqual([96, 1, 1, 3]);
  });

  it.each([
    ['not announced', 0, [page(0, 1)]],
    ['more than announced', 2, [page(0, 2), page(2, 1)]],
    ['out of order', 4, [page(0, 1), page(2, 1)]],
    ['told twice', 4, [page(0, 1), page(0, 1)]],
  ])('P-RES-02 are refused when %s', (_why, count, told) => {
    const pages = new ChunkPages();
    if (count > 0) pages.expect(count);
    const add = (): void => told.forEach((each) => pages.add(each));
    expect(add).toThrow(expect.objectContaining({ code: EXIT.PROTOCOL }));
  });

  it('P-RES-03 are all told, also of a file that has become shorter', async () => {
    const [near, far] = channelPair();
    const file = {
      read: (_buffer: Uint8Array, lengthBytes: number, position: number) =>
        Promise.resolve(position < 2 * 1_048_576 ? Math.min(lengthBytes, 65_536) : 0),
    };
    const reading = { file, count: 300, sizeBytes: 300 * 1_048_576, signal: NEVER };
    await tellChunks(near, 1, reading);
    const pages = new ChunkPages();
    pages.expect(300);
    for (let i = 0; i < 2; i += 1) {
      const decoded = decodeServerMessage((await far.nextMessage())!);
      if (decoded.ok && 'op' in decoded.message && decoded.message.op === 'chunks') {
        pages.add(decoded.message);
      }
    }
    const all = await pages.all;
    expect(all.subarray(0, 64).some((byte) => byte !== 0)).toBe(true);
    expect(all.subarray(64).every((byte) => byte === 0)).toBe(true);
  });
});
