/** P-OP-08 and P-OP-09: a post that goes on where a file ends, and requests about nothing. */
import { appendFile, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { postFile } from '../../../../src/service/client-post.ts';
import type { ClientSession } from '../../../../src/service/client-session.ts';
import { EXIT } from '../../../../src/service/error.ts';
import { openAppend } from '../../../../src/service/operations/append-store.ts';
import { perform, PING, WHO_AM_I } from '../../../../src/service/operations/client-operations.ts';
import { rawAnswer, rawOperation } from '../../../../src/service/operations/raw-operation.ts';
import { openLocalFile } from '../../../../src/service/store-local.ts';
import { NEVER, QUIET, Rig } from '../session-rig.ts';

let rig: Rig;
let client: ClientSession;

const code = (value: number): unknown => expect.objectContaining({ code: value });
const at = (name: string): string => join(rig.root, name);

/** Appends `text`, whose name on this side is another one. */
async function append(text: string, path: string[]): Promise<unknown> {
  const local = join(rig.folder, 'local');
  await writeFile(local, text);
  const source = await openLocalFile(local);
  const offer = { path, name: undefined, source, overwrite: 'append', keep: false } as const;
  try {
    return await postFile(client, { ...offer, signal: NEVER, observer: QUIET });
  } finally {
    await source.close();
  }
}

beforeEach(async () => {
  rig = await Rig.make('rw');
  client = rig.client();
});

afterEach(async () => {
  await client.finish();
  await rig.settle();
  expect(await rig.partials()).toEqual([]);
  expect(rig.tree.openFileCount).toBe(0);
  await rig.remove();
});

describe('append', () => {
  it('P-OP-08 makes a file, goes on where one ends, and keeps its permissions', async () => {
    await append('one', ['log']);
    expect(await readFile(at('log'), 'utf8')).toBe('one');
    await writeFile(at('old'), 'x'.repeat(600_000), { mode: 0o600 });
    expect(await append('end', ['old'])).toMatchObject({ bytes: 3 });
    expect(await readFile(at('old'), 'utf8')).toBe(`${'x'.repeat(600_000)}end`);
    expect((await stat(at('old'))).mode & 0o777).toBe(0o600);
    await append('', ['old']);
    expect((await stat(at('old'))).size).toBe(600_003);
  });

  it('P-OP-08 is for regular files', async () => {
    await mkdir(at('folder'));
    await symlink('../local', at('link'));
    await expect(append('x', ['folder'])).rejects.toEqual(code(EXIT.REFUSED));
    await expect(append('x', ['link'])).rejects.toEqual(code(EXIT.REFUSED));
    await expect(append('x', ['none', 'x'])).rejects.toEqual(code(EXIT.MISSING));
    await expect(append('x', [])).rejects.toEqual(code(EXIT.REFUSED));
    expect(await readdir(at('folder'))).toEqual([]);
  });

  it('P-OP-08 leaves alone what somebody else changed meanwhile', async () => {
    await writeFile(at('file'), 'old');
    for (const change of [() => appendFile(at('file'), 'er'), () => writeFile(at('file'), 'new')]) {
      const appending = { path: ['file'], sizeBytes: 1, nowMs: Date.now() };
      const { file } = await openAppend(rig.store, appending);
      await file.write(Uint8Array.of(120), 0);
      await change();
      const before = await readFile(at('file'), 'utf8');
      await expect(file.commit()).rejects.toEqual(code(EXIT.SOURCE_CHANGED));
      await file.discard();
      expect(await readFile(at('file'), 'utf8')).toBe(before);
    }
  });

  it('P-OP-08 of a file that appears meanwhile replaces nothing', async () => {
    const appending = { path: ['new'], sizeBytes: null, nowMs: Date.now() };
    const { file } = await openAppend(rig.store, appending);
    await file.write(Uint8Array.of(120), 0);
    await writeFile(at('new'), 'mine');
    await expect(file.commit()).rejects.toEqual(code(EXIT.SOURCE_CHANGED));
    await file.discard();
    expect(await readFile(at('new'), 'utf8')).toBe('mine');
  });
});

describe('requests about nothing', () => {
  it('P-OP-09 ping and whoami are answered', async () => {
    expect(await perform(client, PING)).toBe(true);
    expect(await perform(client, WHO_AM_I)).toMatchObject({ account: 'somebody', access: 'rw' });
  });

  it('a raw operation is checked before it is sent', async () => {
    await mkdir(at('folder'));
    const answer = await client.ask(rawOperation('stat', { path: ['folder'] }));
    expect(rawAnswer(answer)).toContain('"entry":["folder",1,');
    await writeFile(at('x'), '');
    const sum = rawAnswer(await client.ask(rawOperation('checksum', { path: ['x'] })));
    expect(sum).toContain('"checksum":"af1349b9f5f9a1a6a0404dea36dcc949');
    expect(() => rawOperation('post', { path: ['x'] })).toThrow(/moves no file/);
    expect(() => rawOperation('chmod', { path: ['x'] })).toThrow(/field mode/);
  });
});
