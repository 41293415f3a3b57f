/** Every operation asks for its right, before it looks at anything. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Access } from '../../../../src/service/access.ts';
import { EXIT, LftpError } from '../../../../src/service/error.ts';
import {
  checksumOperation,
  chmodOperation,
  deleteOperation,
  listOperation,
  makeFolderOperation,
  perform,
  removeFolderOperation,
  renameOperation,
  spaceOperation,
  statOperation,
  touchOperation,
} from '../../../../src/service/operations/client-operations.ts';
import type { Operation } from '../../../../src/service/operations/client-operations.ts';
import type { RemotePath } from '../../../../src/service/path.ts';
import { Rig } from '../session-rig.ts';

let rig: Rig;

afterEach(async () => {
  await rig.settle();
  await rig.remove();
});

const OPERATIONS: Readonly<Record<string, (path: RemotePath) => Operation<unknown>>> = {
  list: (path) => listOperation(path.slice(0, -1), true),
  stat: statOperation,
  checksum: checksumOperation,
  space: (path) => spaceOperation(path.slice(0, -1)),
  touch: (path) => touchOperation(path, 0),
  chmod: (path) => chmodOperation(path, 0o600),
  mkdir: (path) => makeFolderOperation([...path.slice(0, -1), 'new'], false),
  parents: (path) => makeFolderOperation([...path.slice(0, -1), 'newer', 'x'], true),
  rename: (path) => renameOperation(path, [...path.slice(0, -1), 'other'], false),
  delete: (path) => deleteOperation([...path.slice(0, -1), 'none']),
  rmdir: (path) => removeFolderOperation([...path.slice(0, -1), 'none']),
};

/** Names of the operations that were refused for `path`. */
async function refusedAt(access: Access, path: RemotePath): Promise<string[]> {
  rig = await Rig.make(access);
  await mkdir(join(rig.root, ...path.slice(0, -1)), { recursive: true });
  await writeFile(join(rig.root, ...path), 'x');
  const client = rig.client();
  const refused: string[] = [];
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const code = await perform(client, operation(path)).then(
      () => 0,
      (error: unknown) => (error instanceof LftpError ? error.code : NaN),
    );
    if (code === EXIT.REFUSED) refused.push(name);
  }
  await client.finish();
  return refused;
}

const CHANGES = ['touch', 'chmod', 'mkdir', 'parents', 'rename', 'delete', 'rmdir'];

describe('rights', () => {
  it('P-OP-01 rw may do everything', async () => {
    expect(await refusedAt('rw', ['sub', 'file'])).toEqual([]);
  });

  it('P-OP-01 ro may look and read', async () => {
    expect(await refusedAt('ro', ['sub', 'file'])).toEqual(CHANGES);
    expect(await readdir(join(rig.root, 'sub'))).toEqual(['file']);
  });

  it('P-OP-01 drop may look and read outside of incoming, and make folders in it', async () => {
    expect(await refusedAt('drop', ['sub', 'file'])).toEqual(CHANGES);
    await rig.settle();
    await rig.remove();
    const inside = await refusedAt('drop', ['incoming', 'file']);
    expect(inside).toEqual([
      ...['list', 'stat', 'checksum', 'space'],
      ...['touch', 'chmod', 'rename', 'delete', 'rmdir'],
    ]);
  });
});
