import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { proveLogin, verifyLogin } from '../../src/service/accounts/password-proof.ts';
import { AccountStore } from '../../src/service/accounts/account-store.ts';
import { slowHash } from '../../src/service/accounts/slow-hash.ts';
import { eventIn, eventsIn } from './cli-rig.ts';
import type { Ended, Event } from './cli-rig.ts';
import { KeysRig } from './keys-rig.ts';

const CANARY = 'c4naryPässw0rd';

let rig: KeysRig;

const inside = (name: string): string => join(rig.folder, name);

async function user(...args: readonly string[]): Promise<Ended> {
  return await rig.run(['user', ...args]);
}

async function accounts(): Promise<Event[]> {
  return eventsIn((await user('list', '--json')).stdout);
}

beforeEach(async () => {
  rig = await KeysRig.make();
});

afterEach(async () => {
  await rig.remove();
});

describe('lftp user', () => {
  it('an account comes, changes and goes', async () => {
    await rig.run(['keygen', '-f', 'k', '--comment', 'of alice']);
    await rig.run(['keygen', '-f', 'l', '--comment', 'two words']);
    await mkdir(inside('root'));
    await chmod(inside('root'), 0o777);
    const added = await user(
      'add',
      'alice',
      '--key',
      'k.pub',
      '--home',
      'team/a',
      '--root',
      'root',
    );
    expect(added).toMatchObject({ code: 0, stdout: '' });
    expect((await stat(inside('root/team/a'))).mode & 0o777).toBe(0o700);
    expect((await stat(rig.data)).mode & 0o777).toBe(0o700);
    expect(await user('key', 'alice', 'l.pub')).toMatchObject({ code: 0 });
    expect(await user('key', 'alice', 'l.pub')).toMatchObject({ code: 18 });
    const [alice] = await accounts();
    expect(alice).toMatchObject({ name: 'alice', home: '/team/a', password: false });
    const keys = alice?.['keys'] as { fingerprint: string; comment: string }[];
    expect(keys.map(({ comment }) => comment).sort()).toEqual(['of alice', 'two words']);
    const listed = (await user('list')).stdout;
    for (const { fingerprint } of keys) expect(listed).toContain(fingerprint);
    expect(await user('key', 'alice', keys[0]?.fingerprint ?? '', '--remove')).toMatchObject({
      code: 0,
    });
    expect((await accounts())[0]?.['keys']).toHaveLength(1);
    expect(await user('rm', 'alice')).toMatchObject({ code: 0 });
    expect(await accounts()).toEqual([]);
    expect((await user('list')).stdout).toBe('There is no account.\n');
    expect(await readdir(inside('root/team'))).toEqual(['a']);
  });

  it('a password is kept in no place and told in none', async () => {
    const runs = [
      await rig.run(['user', 'add', 'alice', '--password-stdin', '--log-file', 'log', '-vv'], {
        input: `${CANARY}\n`,
      }),
      await rig.run(['user', 'passwd', 'alice', '--password-stdin', '--json'], {
        input: `new ${CANARY}`,
      }),
      await rig.run(['user', 'passwd', 'nobody', '--password-stdin'], { input: CANARY }),
      await rig.run(['user', 'add', 'alice', '--password-stdin'], { input: CANARY }),
      await rig.run(['user', 'passwd', 'alice', '--password-stdin'], { input: `${CANARY}\nx\n` }),
    ];
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 4, 18, 2]);
    const told = runs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    for (const text of [told, ...(await rig.everything()).map((bytes) => bytes.toString())]) {
      expect(text).not.toContain('c4nary');
    }
    await chmod(rig.folder, 0o755);
    const store = await AccountStore.open(rig.data);
    const { record, hasPassword } = store.login('alice');
    store.close();
    if (!hasPassword) throw new Error('no password');
    const nonce = new Uint8Array(32);
    const context = { name: 'alice', clientNonce: nonce, serverNonce: nonce, binding: nonce };
    const rightOf = async (password: string): Promise<boolean> => {
      const hash = await slowHash(password, record.salt, record.parameters);
      return verifyLogin(record, context, proveLogin(hash, record, context).proof).isRight;
    };
    expect(await rightOf(`new ${CANARY}`)).toBe(true);
    expect(await rightOf(CANARY)).toBe(false);
  });

  it('a password never stands in the arguments', async () => {
    for (const args of [
      ['user', 'add', 'alice', CANARY],
      ['user', 'add', 'alice', `--password=${CANARY}`],
      ['user', 'passwd', 'alice', '--password', CANARY],
    ]) {
      const ended = await rig.run(args);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).not.toContain('c4nary');
    }
    const byVariable = await rig.run(['user', 'add', 'alice'], {
      env: { LFTPU_PASSWORD: CANARY },
    });
    expect(byVariable).toMatchObject({ code: 2 });
    expect(byVariable.stderr).toContain('--password-stdin');
  });

  it.each([
    [['user'], 2],
    [['user', 'fly'], 2],
    [['user', 'add'], 2],
    [['user', 'add', 'alice'], 2],
    [['user', 'add', 'Alice', '--key', 'k.pub'], 2],
    [['user', 'add', 'anonymous', '--key', 'k.pub'], 2],
    [['user', 'add', 'alice', '--key', 'k.pub', '--home', '../x'], 2],
    [['user', 'add', 'alice', '--key', 'k'], 14],
    [['user', 'add', 'alice', '--key', 'none'], 14],
    [['user', 'add', 'alice', '--key', 'hidden'], 14],
    [['user', 'add', 'alice', '--key', 'k.pub', '--root', 'none'], 14],
    [['user', 'add', 'alice', '--key', 'k.pub', '--root', '.', '--home', 'link/x'], 14],
    [['user', 'add', 'alice', '--key', 'k.pub', '--data', 'closed'], 14],
    [['user', 'add', 'alice', '--key', 'k.pub', '--data', 'closed/x'], 14],
    [['user', 'add', 'alice', '--key', 'k.pub', '--data', 'k'], 14],
    [['user', 'list'], 14],
    [['user', 'rm', 'alice'], 14],
    [['user', 'passwd', 'alice'], 14],
    [['user', 'key', 'alice', 'k.pub'], 14],
    [['user', 'key', 'alice'], 2],
  ])('lftp %j ends with %i and makes nothing', async (args, code) => {
    await rig.run(['keygen', '-f', 'k']);
    await mkdir(inside('closed'), { mode: 0o555 });
    await writeFile(inside('hidden'), '', { mode: 0o000 });
    await symlink('closed', inside('link'));
    const before = await readdir(rig.folder, { recursive: true });
    const ended = await rig.run([...args, '--json']);
    expect(ended).toMatchObject({ code });
    expect(eventIn(ended.stdout, 'error')).toMatchObject({ code, where: 'local' });
    expect(eventIn(ended.stdout, 'error')['hint']).not.toBe('');
    expect(ended.stderr).toMatch(/^lftp: .+\n {6}\S/);
    const after = await readdir(rig.folder, { recursive: true });
    expect(after).toEqual(before);
  });

  it('a damaged, an open and a closed database are told, and left alone', async () => {
    await rig.run(['keygen', '-f', 'k']);
    await user('add', 'alice', '--key', 'k.pub');
    const file = join(rig.data, 'accounts.db');
    const whole = await readFile(file);
    for (const mode of [0o644, 0o000]) {
      await chmod(file, mode);
      expect(await user('list')).toMatchObject({ code: 14, stdout: '' });
    }
    await chmod(file, 0o600);
    const damaged = Buffer.from(whole).fill('x', 0, 2000);
    await writeFile(file, damaged);
    expect(await user('add', 'bob', '--key', 'k.pub')).toMatchObject({ code: 14 });
    expect(await readFile(file)).toEqual(damaged);
    await writeFile(file, whole);
    expect((await accounts()).map(({ name }) => name)).toEqual(['alice']);
  });

  it('many at once lose nothing', async () => {
    await rig.run(['keygen', '-f', 'k']);
    const names = Array.from({ length: 8 }, (_, index) => `u${index % 6}`);
    const all = names.map((name) => user('add', name, '--key', 'k.pub'));
    const codes = (await Promise.all(all)).map(({ code }) => code).sort();
    expect(codes).toEqual([0, 0, 0, 0, 0, 0, 18, 18]);
    expect((await accounts()).map(({ name }) => name)).toEqual([...new Set(names)].sort());
  });

  it('a kill at any moment leaves whole accounts', async () => {
    await rig.run(['keygen', '-f', 'k']);
    await user('add', 'first', '--key', 'k.pub');
    const told: string[] = [];
    for (let round = 0; round < 30; round += 1) {
      const name = `u${round}`;
      const adding = rig.start(['user', 'add', name, '--key', 'k.pub']);
      // From before the program is loaded to after it has ended.
      const timer = setTimeout(() => adding.kill('SIGKILL'), round * 12);
      const { code } = await adding.ended;
      clearTimeout(timer);
      if (code === 0) told.push(name);
    }
    const left = await accounts();
    const names = left.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['first', ...told]));
    // Nobody is half there: the key came with the account.
    for (const { keys } of left) expect(keys).toHaveLength(1);
    expect(await user('add', 'last', '--key', 'k.pub')).toMatchObject({ code: 0 });
  });
});
