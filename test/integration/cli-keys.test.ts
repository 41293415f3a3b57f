import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventIn, eventsIn, REPOSITORY } from './cli-rig.ts';
import { KeysRig } from './keys-rig.ts';

let rig: KeysRig;

const PRINT = 'SHA256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU';
const OTHER = 'SHA256:mUDn_XoDubawb45j7NZGXku33AR1SUEPWt2SQVd4LQE';

const inClient = (name: string): string => join(rig.client, name);
const knownHosts = async (): Promise<string> => await readFile(inClient('known_hosts'), 'utf8');

beforeEach(async () => {
  rig = await KeysRig.make();
});

afterEach(async () => {
  await rig.remove();
});

/** Every error says what, where and the next step. */
function expectTold(stderr: string): void {
  expect(stderr).toMatch(/^lftp: .+\n {6}\S/m);
}

/** What a server does at its start, without the server. */
const START = (() => {
  const module = join(REPOSITORY, 'dist/src/service/identity/secret-key-store.js');
  const text = `import { openHostKey } from '${pathToFileURL(module).href}';
    const { publicKey } = await openHostKey(process.argv[1]);
    console.log(Buffer.from(publicKey).toString('base64url'));`;
  return ['--input-type=module', '-e', text];
})();

describe('lftp keygen', () => {
  it('makes a key and never writes over one', async () => {
    const made = await rig.run(['keygen', '--comment', 'mine', '--json']);
    expect(made).toMatchObject({ code: 0 });
    const { line, fingerprint } = eventIn(made.stdout, 'key');
    expect(line).toMatch(/^lftp-x25519 [\w-]{43} mine$/);
    expect(fingerprint).toMatch(/^SHA256:[\w-]{43}$/);
    expect(await readFile(inClient('id.pub'), 'utf8')).toBe(`${String(line)}\n`);
    expect((await stat(inClient('id'))).mode & 0o777).toBe(0o600);
    const secret = await readFile(inClient('id'), 'utf8');
    expect(made.stdout + made.stderr).not.toContain(secret.split(' ')[1]?.trim());
    const again = await rig.run(['keygen']);
    expect(again).toMatchObject({ code: 18, stdout: '' });
    expectTold(again.stderr);
    expect(await readFile(inClient('id'), 'utf8')).toBe(secret);
  });

  it('of two at once, one makes it', async () => {
    const all = Array.from({ length: 4 }, () => rig.run(['keygen', '-q', '-f', 'k']));
    const codes = (await Promise.all(all)).map(({ code }) => code).sort();
    expect(codes).toEqual([0, 18, 18, 18]);
    expect((await readdir(rig.folder)).sort()).toEqual(['k', 'k.pub']);
  });

  it.each([
    [['keygen', 'operand'], 2],
    [['keygen', '--comment', 'a\nb'], 2],
    [['keygen', '-f', ''], 2],
    [['keygen', '-f', 'closed/id'], 14],
    [['keygen', '-f', 'closed/new/id'], 14],
    [['keygen', '-f', 'file/id'], 14],
  ])('%j ends with %i and makes nothing', async (args, code) => {
    await mkdir(join(rig.folder, 'closed'), { mode: 0o555 });
    await writeFile(join(rig.folder, 'file'), '');
    const ended = await rig.run(args);
    expect(ended).toMatchObject({ code, stdout: '' });
    expectTold(ended.stderr);
    expect((await readdir(rig.folder)).sort()).toEqual(['closed', 'file']);
  });
});

describe('lftp hostkey show', () => {
  it('tells what the first of many starts has made', async () => {
    const none = await rig.run(['hostkey']);
    expect(none).toMatchObject({ code: 14, stdout: '' });
    expectTold(none.stderr);
    expect(await readdir(rig.folder)).toEqual([]);
    const starts = Array.from({ length: 6 }, () => rig.start([rig.data], {}, START).ended);
    const keys = (await Promise.all(starts)).map(({ stdout }) => stdout.trim());
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[\w-]{43}$/);
    expect(await readdir(rig.data)).toEqual(['host.key']);
    const shown = await rig.run(['hostkey', 'show', '--json', '--host', '::1', '-P', '2001']);
    const { key, fingerprint, address } = eventIn(shown.stdout, 'hostkey');
    expect(key).toBe(`lftp-x25519 ${keys[0] ?? ''}`);
    expect(address).toBe(`lftp://[::1]:2001/;fp=${String(fingerprint)}`);
    const plain = await rig.run(['hostkey', '--data', rig.data, '--host', 'h.example']);
    const line = `lftp://h.example:10000/;fp=${String(fingerprint)}`;
    expect(plain).toEqual({ code: 0, stdout: `${String(fingerprint)}\n${line}\n`, stderr: '' });
    // What is shown can be pasted.
    expect(await rig.run(['hostkey', 'trust', line])).toMatchObject({ code: 0 });
  });

  it('refuses a key that is open, closed or damaged', async () => {
    await rig.start([rig.data], {}, START).ended;
    const file = join(rig.data, 'host.key');
    for (const mode of [0o644, 0o000]) {
      await chmod(file, mode);
      const ended = await rig.run(['hostkey']);
      expect(ended).toMatchObject({ code: 14, stdout: '' });
      expectTold(ended.stderr);
      expect(ended.stderr).toContain(file);
    }
    await chmod(file, 0o600);
    const secret = await readFile(file, 'utf8');
    await writeFile(file, secret.slice(0, -2));
    const ended = await rig.run(['hostkey']);
    expect(ended).toMatchObject({ code: 14, stdout: '' });
    expect(ended.stderr).toContain('damaged');
    expect(ended.stderr).not.toContain(secret.slice(20, -2));
  });
});

describe('lftp hostkey trust and forget', () => {
  it('keep the other lines of known_hosts', async () => {
    await mkdir(rig.client);
    await chmod(rig.client, 0o777);
    await writeFile(inClient('known_hosts'), '# mine\nbroken line\n', { mode: 0o666 });
    const trusted = await rig.run(['hostkey', 'trust', `Host.Example:2001;fp=${PRINT}`]);
    expect(trusted).toMatchObject({ code: 0, stdout: '' });
    expect(trusted.stderr).toContain('known_hosts:2: this line is not used');
    const line = `host.example:2001 fp ${PRINT}\n`;
    expect(await knownHosts()).toBe(`# mine\nbroken line\n${line}`);
    expect(await rig.run(['hostkey', 'trust', `host.example:2001;fp=${PRINT}`])).toMatchObject({
      code: 0,
    });
    const changed = await rig.run(['hostkey', 'trust', `host.example:2001;fp=${OTHER}`]);
    expect(changed).toMatchObject({ code: 9 });
    expectTold(changed.stderr);
    expect(changed.stderr).toContain('lftp hostkey forget host.example:2001');
    expect(await knownHosts()).toBe(`# mine\nbroken line\n${line}`);
    const forgot = await rig.run(['hostkey', 'forget', 'HOST.example:2001', '--json']);
    expect(eventIn(forgot.stdout, 'hostkey')).toMatchObject({ change: 'forgotten', lines: [3] });
    expect(await knownHosts()).toBe('# mine\nbroken line\n');
    expect(await rig.run(['hostkey', 'forget', 'host.example'])).toMatchObject({ code: 4 });
  });

  it('lose nothing when many run at once', async () => {
    const hosts = Array.from({ length: 8 }, (_, index) => `10.0.0.${index}`);
    const flags = ['--known-hosts', 'hosts', '-q'];
    const all = hosts.map((host) => rig.run(['hostkey', 'trust', `${host};fp=${PRINT}`, ...flags]));
    for (const { code } of await Promise.all(all)) expect(code).toBe(0);
    const lines = (await readFile(join(rig.folder, 'hosts'), 'utf8')).split('\n');
    expect(lines.sort()).toEqual(['', ...hosts.map((host) => `${host} fp ${PRINT}`)]);
    expect(await readdir(rig.folder)).toEqual(['hosts']);
  });

  it.each([
    [['hostkey', 'trust'], 2],
    [['hostkey', 'trust', 'host'], 2],
    [['hostkey', 'trust', 'host;fp=SHA256:abc'], 2],
    [['hostkey', 'trust', `ftp://host;fp=${PRINT}`], 2],
    [['hostkey', 'fly'], 2],
    [['hostkey', 'forget', 'host:a/b'], 2],
    [['hostkey', 'forget', 'host', 'more'], 2],
    [['hostkey', 'forget', 'host', '--known-hosts', 'closed/hosts'], 14],
    [['hostkey', 'trust', `host;fp=${PRINT}`, '--known-hosts', 'closed/hosts'], 14],
    [['hostkey', 'trust', `host;fp=${PRINT}`, '--known-hosts', 'closed'], 14],
    [['hostkey', 'trust', `host;fp=${PRINT}`, '--known-hosts', 'secret'], 14],
    [['get', `host;fp=${PRINT}:a`], 2],
    [['get', '--insecure', `127.0.0.1:1:a;fp=${PRINT}`], 2],
    [['get', '--insecure', '--fingerprint', PRINT, '127.0.0.1:1:a'], 2],
    [['get', '--insecure', '-i', 'key', '127.0.0.1:1:a'], 2],
    [['get', '--insecure', 'alice@127.0.0.1:1:a'], 2],
    [['get', '-i', 'key', '127.0.0.1:1:a'], 2],
    [['connect', '--insecure', `127.0.0.1:1;fp=${PRINT}`], 2],
    [['get', '--known-hosts', 'secret', '127.0.0.1:1:a'], 14],
    [['get', '-i', 'none', 'alice@127.0.0.1:1:a'], 14],
  ])('%j ends with %i and changes nothing', async (args, code) => {
    await mkdir(join(rig.folder, 'closed'), { mode: 0o555 });
    await writeFile(join(rig.folder, 'secret'), '', { mode: 0o000 });
    const ended = await rig.run([...args, '--json']);
    expect(ended.code).toBe(code);
    expect(eventsIn(ended.stdout)).toMatchObject([{ event: 'error', code, where: 'local' }]);
    expect(eventIn(ended.stdout, 'error')['hint']).not.toBe('');
    expectTold(ended.stderr);
    expect((await readdir(rig.folder)).sort()).toEqual(['closed', 'secret']);
    expect(await readdir(join(rig.folder, 'closed'))).toEqual([]);
  });
});
