/** A `get` that goes on with what an earlier one left. */
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT, LftpError } from '../../../../src/service/error.ts';
import { CHUNK_BYTES } from '../../../../src/service/resume/chunks.ts';
import { content, ResumeRig, SIZE_BYTES } from './resume-rig.ts';

let rig: ResumeRig;

beforeEach(async () => {
  rig = await ResumeRig.make();
});

afterEach(async () => {
  await rig.remove();
});

const OLD = content(1);

async function part(): Promise<string> {
  const [name = ''] = (await readdir(rig.work)).filter((entry) => entry.endsWith('.lftp-part'));
  return join(rig.work, name);
}

async function expectClean(): Promise<void> {
  expect(await readdir(rig.work)).toEqual(['target']);
  expect(await readdir(join(rig.rig.folder, 'state', 'lftp-udp'))).toEqual([]);
}

describe('after a connection that died', () => {
  it('P-RES-01 P-RES-04 only the rest is fetched', async () => {
    await rig.serve(OLD);
    await rig.fetchPart(3.5 * CHUNK_BYTES);
    expect(await readdir(rig.work)).not.toContain('target');
    const result = await rig.fetchRest();
    expect(result.keptBytes).toBeGreaterThanOrEqual(3 * CHUNK_BYTES);
    expect(result.arrivedBytes).toBe(SIZE_BYTES - (result.keptBytes ?? 0));
    expect(result.bytes).toBe(SIZE_BYTES);
    expect((await rig.fetched()).equals(OLD)).toBe(true);
    expect(rig.changes).toBe(0);
    await expectClean();
  });

  it.each([0, 1, 2])(
    'P-RES-05 a bit flipped in stored chunk %i is fetched again',
    async (chunk) => {
      await rig.serve(OLD);
      await rig.fetchPart(3 * CHUNK_BYTES);
      const stored = await readFile(await part());
      stored[chunk * CHUNK_BYTES + 4321]! ^= 4;
      await writeFile(await part(), stored);
      const held = (await rig.download().held())?.chunks ?? 0;
      const result = await rig.fetchRest();
      expect(result.keptBytes).toBe((held - 1) * CHUNK_BYTES);
      expect((await rig.fetched()).equals(OLD)).toBe(true);
      expect(rig.changes).toBe(0);
      await expectClean();
    },
  );

  it('what was cut off the stored file is fetched again', async () => {
    await rig.serve(OLD);
    await rig.fetchPart(3 * CHUNK_BYTES);
    await truncate(await part(), CHUNK_BYTES + 1);
    expect((await rig.fetchRest()).keptBytes).toBe(CHUNK_BYTES);
    expect((await rig.fetched()).equals(OLD)).toBe(true);
  });
});

describe('a source that changed', () => {
  const NEW = content(2);

  it.each([
    ['its time', NEW, 1_700_000_001],
    ['its size', content(2, SIZE_BYTES - 1), 1_700_000_000],
    ['only its content', NEW, 1_700_000_000],
  ])('P-RES-05 in %s is fetched anew, and that is told', async (_what, bytes, mtimeS) => {
    await rig.serve(OLD);
    await rig.fetchPart(3 * CHUNK_BYTES);
    await rig.serve(bytes, mtimeS);
    const result = await rig.fetchRest();
    expect(rig.changes).toBe(1);
    expect(result.keptBytes ?? 0).toBe(0);
    expect((await rig.fetched()).equals(bytes)).toBe(true);
    await expectClean();
  });

  it.each([1_700_000_000, 1_700_000_001])('may end it, with nothing lost', async (mtimeS) => {
    await rig.serve(OLD);
    await rig.fetchPart(3 * CHUNK_BYTES);
    await rig.serve(NEW, mtimeS);
    const refuse = (): void => {
      throw new LftpError(EXIT.SOURCE_CHANGED, 'remote', 'changed');
    };
    await expect(rig.fetchRest(refuse)).rejects.toMatchObject({ code: EXIT.SOURCE_CHANGED });
    expect(await readdir(rig.work)).not.toContain('target');
    await rig.serve(OLD);
    expect((await rig.fetchRest()).keptBytes).toBeGreaterThan(0);
    expect((await rig.fetched()).equals(OLD)).toBe(true);
  });
});

describe('two at once', () => {
  it('never write to the same unfinished file', async () => {
    await rig.serve(OLD);
    const answer = {
      kind: 'file',
      re: 1,
      size: SIZE_BYTES,
      mtimeMs: 1_700_000_000_000,
      mode: 0o644,
    } as const;
    const first = await rig.download().open(answer);
    expect(await rig.download().held()).toBeUndefined();
    const { session } = rig.connect();
    await rig.get(session, (file) => rig.download().open(file));
    expect((await rig.fetched()).equals(OLD)).toBe(true);
    await first.discard();
    await expectClean();
  });

  it('only one takes over what is left', async () => {
    await rig.serve(OLD);
    await rig.fetchPart(3 * CHUNK_BYTES);
    const [one, two] = [await rig.download().held(), await rig.download().held()];
    const answer = {
      kind: 'file',
      re: 1,
      size: SIZE_BYTES,
      mtimeMs: 1_700_000_000_000,
      mode: 0o644,
    } as const;
    const sink = await one?.take(answer);
    await expect(two?.take(answer)).rejects.toMatchObject({ code: EXIT.LOCAL_IO });
    await sink?.keep?.();
    expect((await rig.fetchRest()).keptBytes).toBeGreaterThan(0);
  });
});
