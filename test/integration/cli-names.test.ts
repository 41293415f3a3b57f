/** The verbs for names on the server, as one-shot commands of the real program. */
import { mkdir, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliRig, eventsIn } from './cli-rig.ts';
import type { Ended } from './cli-rig.ts';

let rig: CliRig;

beforeAll(async () => {
  rig = await CliRig.make('--anonymous=rw');
});

afterAll(async () => {
  await rig.remove();
});

/** Words of which those that begin with a slash are addresses. */
async function lftp(line: string): Promise<Ended> {
  const words = line.split(' ').map((word) => (word.startsWith('/') ? rig.at(word) : word));
  return await rig.run(words);
}

const at = (...names: string[]): string => join(rig.root, ...names);

describe('ls and stat', () => {
  beforeAll(async () => {
    await mkdir(at('tree', 'sub'), { recursive: true });
    await writeFile(at('tree', 'b'), 'four', { mode: 0o644 });
    await writeFile(at('tree', 'a'), 'longer', { mode: 0o600 });
    await writeFile(at('tree', '.dot'), '');
    await writeFile(at('tree', 'bad\u001b[31m'), '');
    await symlink('/etc/passwd', at('tree', 'link'));
    await utimes(at('tree', 'a'), 1, Date.UTC(2020, 5, 1) / 1000);
    await utimes(at('tree', 'b'), 1, Date.UTC(2021, 5, 1) / 1000);
  });

  it('list names in their order, long and hidden ones when asked', async () => {
    expect(await lftp('ls /tree')).toMatchObject({ code: 0, stdout: 'a\nb\nlink\nsub\n' });
    expect((await lftp('ls -a /tree/')).stdout).toBe('.dot\na\nb\nlink\nsub\n');
    const { stdout } = await lftp('ls -l /tree');
    expect(stdout).toMatch(/^-rw------- +6 2020-0[56]-\d\d \d\d:\d\d a\n-rw-r--r-- +4 2021-/);
    expect(stdout).toMatch(/\nlrwxrwxrwx .* link\ndrwx.* sub\n$/);
    expect((await lftp('ls --sort time /tree')).stdout).toMatch(/b\na\n$/);
    expect((await lftp('ls /')).stdout).toBe('tree\n');
  });

  it('tell programs as events', async () => {
    const listed = eventsIn((await lftp('ls --json /tree')).stdout);
    expect(listed.filter(({ event }) => event === 'entry')).toMatchObject([
      { path: '/tree/a', kind: 'file', bytes: 6, mtimeMs: Date.UTC(2020, 5, 1), mode: '0600' },
      { path: '/tree/b' },
      { path: '/tree/link', kind: 'link' },
      { path: '/tree/sub', kind: 'folder' },
    ]);
    const looked = eventsIn((await lftp('stat --json /tree/b')).stdout);
    expect(looked.at(-1)).toMatchObject({ event: 'entry', path: '/tree/b', bytes: 4 });
    const itself = eventsIn((await lftp('ls --json /tree/b')).stdout);
    expect(itself.at(-1)).toMatchObject({ event: 'entry', path: '/tree/b' });
  });

  it('fail with the code of what is missing, refused or written wrongly', async () => {
    expect((await lftp('stat /tree/b')).stdout).toMatch(/^path {2}\/tree\/b\nkind {2}file\n/);
    for (const [line, code] of [
      ['ls /none', 4],
      ['stat /tree/link/x', 10],
      ['ls /.lftp-udp', 10],
    ] as const) {
      expect(await lftp(line)).toMatchObject({ code, stdout: '' });
    }
    expect(await lftp('ls --sort colour /')).toMatchObject({ code: 2 });
    expect(await lftp('ls')).toMatchObject({ code: 2 });
  });
});

describe('changes', () => {
  it('mkdir, mv, chmod, touch, rm and rmdir do what they say', async () => {
    expect(await lftp('mkdir -p /new/deep/er')).toEqual({ code: 0, stdout: '', stderr: '' });
    await writeFile(at('new', 'file'), 'x');
    expect(await lftp('mv /new/file deep/')).toMatchObject({ code: 4 });
    expect(await lftp('mv --json /new/file new/deep/')).toMatchObject({ code: 0 });
    expect(await lftp('chmod 640 /new/deep/file')).toMatchObject({ code: 0 });
    expect(await lftp('touch --time 2020-01-02T03:04:05Z /new/deep/file')).toMatchObject({
      code: 0,
    });
    const { mode, mtimeMs } = await stat(at('new', 'deep', 'file'));
    expect([mode & 0o777, mtimeMs]).toEqual([0o640, Date.UTC(2020, 0, 2, 3, 4, 5)]);
    const removed = await lftp('rm --json /new/deep/file');
    expect(eventsIn(removed.stdout).at(-1)).toMatchObject({
      event: 'changed',
      op: 'rm',
      path: '/new/deep/file',
    });
    expect(await lftp('rmdir /new/deep')).toMatchObject({ code: 10 });
    expect(await lftp('rmdir /new/deep/er')).toMatchObject({ code: 0 });
    expect(await readdir(at('new', 'deep'))).toEqual([]);
  });

  it('mv replaces a file only when told to', async () => {
    await writeFile(at('one'), '1');
    await writeFile(at('two'), '22');
    expect(await lftp('mv /one two')).toMatchObject({ code: 18 });
    expect((await stat(at('two'))).size).toBe(2);
    expect(await lftp('mv --overwrite always /one two')).toMatchObject({ code: 0 });
    expect((await stat(at('two'))).size).toBe(1);
    expect(await lftp('mv --overwrite older /two one')).toMatchObject({ code: 2 });
  });

  it('rm -r removes a tree, and of links the links', async () => {
    for (const folder of ['x', 'y']) {
      await mkdir(at('doomed', folder, 'deep'), { recursive: true });
      for (let i = 0; i < 50; i += 1) await writeFile(at('doomed', folder, 'deep', `f${i}`), '');
    }
    await writeFile(join(rig.folder, 'outside'), 'kept');
    await symlink(rig.folder, at('doomed', 'x', 'link'));
    expect(await lftp('rm /doomed')).toMatchObject({ code: 10 });
    expect(await lftp('rm -r /doomed')).toMatchObject({ code: 0 });
    expect(await readdir(rig.root)).not.toContain('doomed');
    expect(await readdir(rig.folder)).toContain('outside');
  });

  it('rm -r goes on after what cannot be removed, and says 3', async () => {
    await mkdir(at('half'));
    await writeFile(at('half', 'line\nfeed'), '');
    await writeFile(at('half', 'plain'), '');
    const ended = await lftp('rm -r /half');
    expect(ended).toMatchObject({ code: 3 });
    expect(ended.stderr).toContain('the folder is not empty');
    expect(await readdir(at('half'))).toEqual(['line\nfeed']);
  });

  it('say what is wrong', async () => {
    expect(await lftp('mkdir /tree/x/y')).toMatchObject({ code: 4 });
    expect(await lftp('mkdir /two')).toMatchObject({ code: 18 });
    expect(await lftp('chmod 9 /two')).toMatchObject({ code: 2 });
    expect(await lftp('chmod 4755 /two')).toMatchObject({ code: 2 });
    expect(await lftp('touch --time soon /two')).toMatchObject({ code: 2 });
    for (const verb of ['mkdir', 'rm -r']) {
      expect(await lftp(`${verb} /`)).toMatchObject({ code: 2 });
      expect(await lftp(`${verb} /../x`)).toMatchObject({ code: 10 });
    }
  });

  it('are refused by a server that only lets files be read', async () => {
    const reader = await CliRig.make('--anonymous=ro');
    await writeFile(join(reader.root, 'file'), 'x');
    expect(await reader.run(['rm', reader.at('file')])).toMatchObject({ code: 10 });
    expect((await reader.run(['ls', reader.at('')])).stdout).toBe('file\n');
    await reader.remove();
  });
});
