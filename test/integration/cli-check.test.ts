/** `lftp check`: two files compared by their chunks. */
import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliRig, eventIn } from './cli-rig.ts';

const CHUNK = 1_048_576;
const SIZE = 5 * CHUNK + 123;
/** What b3sum prints for so many zeros. */
const ZEROS = 'e01d2f6d93c19025372751e0910496161814a9378663147425cd154d31b82358';

let rig: CliRig;

async function make(folder: string, name: string, sizeBytes: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, '');
  await truncate(path, sizeBytes);
  return path;
}

async function mark(path: string, position: number): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.write('x', position);
  await handle.close();
}

beforeAll(async () => {
  rig = await CliRig.make();
  await make(rig.root, 'file', SIZE);
  await make(rig.root, 'empty', 0);
});

afterAll(async () => {
  await rig.remove();
});

describe('lftp check', () => {
  it('tells that files are the same, and their digest', async () => {
    await make(rig.work, 'same', SIZE);
    const ended = await rig.run(['check', 'same', rig.at('file')]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toBe(`the same: 5.0 MiB, blake3:${ZEROS}\n`);
    const moved = await rig.run(['check', 'same', rig.at('file'), '--json']);
    expect(eventIn(moved.stdout, 'checked')).toMatchObject({ same: true, differing: [] });
  });

  it('tells which bytes differ, by exit 12', async () => {
    const path = await make(rig.work, 'other', SIZE);
    await mark(path, CHUNK);
    await mark(path, 2 * CHUNK);
    await mark(path, SIZE - 1);
    const ended = await rig.run(['check', 'other', rig.at('file'), '--json']);
    expect(ended).toMatchObject({ code: 12 });
    expect(eventIn(ended.stdout, 'checked')).toMatchObject({
      same: false,
      differing: [
        [CHUNK, 3 * CHUNK - 1],
        [5 * CHUNK, SIZE - 1],
      ],
    });
    expect((await rig.run(['check', 'other', rig.at('file')])).stderr).toContain(
      `it differs from other: bytes ${CHUNK} to ${3 * CHUNK - 1}, bytes ${5 * CHUNK} to`,
    );
  });

  it.each([
    ['shorter', 2 * CHUNK, [[]]],
    ['cut', 2 * CHUNK + 5, [[2 * CHUNK, 2 * CHUNK + 4]]],
    ['longer', SIZE + 5, [[5 * CHUNK, SIZE + 4]]],
    ['none', 0, [[]]],
  ])('tells of a file that is %s', async (name, size, ranges) => {
    await make(rig.work, name, size);
    const ended = await rig.run(['check', name, rig.at('file'), '--json']);
    expect(ended).toMatchObject({ code: 12 });
    const differing = ranges.filter((range) => range.length > 0);
    const checked = { same: false, bytes: size, remoteBytes: SIZE, differing };
    expect(eventIn(ended.stdout, 'checked')).toMatchObject(checked);
  });

  it('takes empty files, and refuses what is no file', async () => {
    await make(rig.work, 'nothing', 0);
    expect(await rig.run(['check', 'nothing', rig.at('empty')])).toMatchObject({ code: 0 });
    expect(await rig.run(['check', 'nothing', rig.at('none')])).toMatchObject({ code: 4 });
    expect(await rig.run(['check', 'missing', rig.at('file')])).toMatchObject({ code: 14 });
    expect(await rig.run(['check', 'nothing'])).toMatchObject({ code: 2 });
  });
});
