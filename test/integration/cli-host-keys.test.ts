/** Whom a client believes to be the server it meant. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CliRig, eventIn, until } from './cli-rig.ts';
import type { Ended } from './cli-rig.ts';

const OTHER = `SHA256:${randomBytes(32).toString('base64url')}`;

let rig: CliRig;
let fingerprint: string;
/** Of a client that has met nobody yet. */
let home: string;
let clients = 0;

beforeAll(async () => {
  rig = await CliRig.make();
  fingerprint = String((await rig.server.event('listening'))['fingerprint']);
  await writeFile(join(rig.root, 'file'), 'served');
});

beforeEach(() => {
  clients += 1;
  home = join(rig.folder, `client-${clients}`);
});

afterAll(async () => {
  await rig.remove();
});

/** Runs the program with nobody at a terminal and no variable that helps. */
async function lftp(...args: readonly string[]): Promise<Ended> {
  return await rig.run(args, { env: { XDG_DATA_HOME: home, LFTPU_HOST_KEY: '' } });
}

const knownHosts = async (): Promise<string> =>
  await readFile(join(home, 'lftp-udp', 'known_hosts'), 'utf8');

async function write(text: string): Promise<void> {
  await mkdir(join(home, 'lftp-udp'), { recursive: true });
  await writeFile(join(home, 'lftp-udp', 'known_hosts'), text);
}

/** The command behind the last colon of a hint, as its words. */
function commandIn(stderr: string): string[] {
  const text = /: lftp (hostkey .*)$/m.exec(stderr)?.[1] ?? '';
  return text.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'));
}

describe('a host key that nobody has seen before', () => {
  it('ends the attempt with 9 when nobody can be asked, and what to type works', async () => {
    const startMs = performance.now();
    const refused = await lftp('get', '--json', rig.at('file'), 'never');
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(refused.code).toBe(9);
    expect(eventIn(refused.stdout, 'error')).toMatchObject({ name: 'host-key', where: 'remote' });
    expect(refused.stderr).toContain(fingerprint);
    await expect(readdir(home)).rejects.toThrow();
    expect(await readdir(rig.work)).not.toContain('never');
    expect(await lftp(...commandIn(refused.stderr))).toMatchObject({ code: 0 });
    expect(await lftp('get', rig.at('file'), 'later')).toMatchObject({ code: 0 });
    expect(await readFile(join(rig.work, 'later'), 'utf8')).toBe('served');
  });

  it.each(['get A out', 'post mine A', 'connect -c status S', 'connect S'])(
    'lftp %s gives 9',
    async (line) => {
      await writeFile(join(rig.work, 'mine'), 'mine');
      const server = `127.0.0.1:${rig.port}`;
      const words = line.split(' ').map((word) => ({ A: rig.at('file'), S: server })[word] ?? word);
      expect(await lftp(...words)).toMatchObject({ code: 9 });
      await expect(readdir(home)).rejects.toThrow();
    },
  );

  it('is learnt with accept-new, and known from then on', async () => {
    const first = await lftp('get', '-v', '--host-key=accept-new', rig.at('file'), 'new');
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr).toContain('is known from now on');
    const line = await knownHosts();
    expect(line).toMatch(new RegExp(`^127\\.0\\.0\\.1:${rig.port} lftp-x25519 [\\w-]{43}\n$`));
    const second = await lftp('get', '-v', '--host-key=accept-new', rig.at('file'), 'new');
    expect(second.stderr).not.toContain('is known from now on');
    expect(await lftp('get', '--host-key=strict', rig.at('file'), 'new')).toMatchObject({
      code: 0,
    });
    expect(await knownHosts()).toBe(line);
  });

  it('is refused with strict', async () => {
    expect(await lftp('get', '--host-key=strict', rig.at('file'))).toMatchObject({ code: 9 });
    await expect(readdir(home)).rejects.toThrow();
  });

  it('that cannot be written down ends the connection too', async () => {
    const flags = ['--host-key=accept-new', '--known-hosts=/proc/self/hosts'];
    expect(await lftp('get', ...flags, rig.at('file'), 'never')).toMatchObject({ code: 14 });
    // Long before the server would miss a client that is just gone.
    await until(() => (/client left"\}\s*$/.test(rig.server.stderr) ? true : undefined), 5000);
    expect(await readdir(rig.work)).not.toContain('never');
  });

  it('is learnt at the first contact after hostkey trust', async () => {
    const address = `lftp://127.0.0.1:${rig.port}/;fp=${fingerprint}`;
    expect(await lftp('hostkey', 'trust', address)).toMatchObject({ code: 0 });
    expect(await knownHosts()).toBe(`127.0.0.1:${rig.port} fp ${fingerprint}\n`);
    expect(await lftp('get', '--host-key=strict', rig.at('file'), 'new')).toMatchObject({
      code: 0,
    });
    expect(await knownHosts()).toMatch(/^127\.0\.0\.1:\d+ lftp-x25519 [\w-]{43}\n$/);
  });
});

describe('a fingerprint that somebody brought', () => {
  it.each(['address', 'flag'])('lets in the right key and no other: %s', async (where) => {
    const get = async (print: string): Promise<Ended> =>
      where === 'flag'
        ? await lftp('get', '--fingerprint', print, rig.at('file'), `pinned-${where}`)
        : await lftp('get', `lftp://127.0.0.1:${rig.port}/file;fp=${print}`, `pinned-${where}`);
    const wrong = await get(OTHER);
    expect(wrong).toMatchObject({ code: 9 });
    for (const text of [OTHER, fingerprint]) expect(wrong.stderr).toContain(text);
    expect(await readdir(rig.work)).not.toContain(`pinned-${where}`);
    expect(await get(fingerprint)).toMatchObject({ code: 0 });
    expect(await readFile(join(rig.work, `pinned-${where}`), 'utf8')).toBe('served');
    // A pin is for this once and leaves no trace.
    await expect(readdir(home)).rejects.toThrow();
  });

  it('is stronger than what is known', async () => {
    await write(`127.0.0.1:${rig.port} fp ${OTHER}\n`);
    const pinned = `lftp://127.0.0.1:${rig.port}/file;fp=${fingerprint}`;
    expect(await lftp('get', pinned, 'new')).toMatchObject({ code: 0 });
    expect(await lftp('get', rig.at('file'), 'new')).toMatchObject({ code: 9 });
  });
});

describe('a known_hosts with a damaged line', () => {
  it('of another host works', async () => {
    await write('elsewhere lftp-x25519 abc\n\u0000\u0001 x\n');
    const flags = ['--host-key=accept-new', rig.at('file'), 'new'];
    expect(await lftp('get', ...flags)).toMatchObject({ code: 0 });
    expect((await knownHosts()).split('\n').slice(0, 2)).toEqual([
      'elsewhere lftp-x25519 abc',
      '\u0000\u0001 x',
    ]);
    expect(await lftp('get', rig.at('file'), 'new')).toMatchObject({ code: 0 });
  });

  it('of this host is never taken for an unknown host', async () => {
    const text = `# mine\n127.0.0.1:${rig.port} lftp-x25519 abc\n`;
    await write(text);
    for (const rule of ['ask', 'accept-new', 'strict']) {
      const ended = await lftp('get', `--host-key=${rule}`, rig.at('file'), 'never');
      expect(ended).toMatchObject({ code: 9 });
      expect(ended.stderr).toContain('known_hosts, line 2');
    }
    expect(await knownHosts()).toBe(text);
  });
});

describe('servers that change', () => {
  it('two on one host are two', async () => {
    const other = await CliRig.make();
    await writeFile(join(other.root, 'file'), 'other');
    for (const address of [rig.at('file'), other.at('file')]) {
      expect(await lftp('get', '--host-key=accept-new', address, 'n')).toMatchObject({ code: 0 });
      expect(await lftp('get', '--host-key=strict', address, 'n')).toMatchObject({ code: 0 });
    }
    expect((await knownHosts()).match(/^127\.0\.0\.1:\d+ lftp-x25519 [\w-]{43}$/gm)).toHaveLength(
      2,
    );
    expect(await readFile(join(rig.work, 'n'), 'utf8')).toBe('other');
    await other.remove();
  });

  it.each([[], ['--known-hosts', 'a file']])(
    'a changed key stops everything until somebody says so: %j %j',
    async (...flags) => {
      const changing = await CliRig.make();
      const runs = async (...args: string[]): Promise<Ended> =>
        await changing.run([...args, ...flags], { env: { LFTPU_HOST_KEY: '' } });
      await writeFile(join(changing.root, 'file'), 'served');
      const get = ['get', changing.at('file'), 'out'];
      expect(await runs(...get, '--host-key=accept-new')).toMatchObject({ code: 0 });
      const before = String((await changing.server.event('listening'))['fingerprint']);
      changing.server.kill('SIGTERM');
      await changing.server.ended;
      await changing.serve('--data', join(changing.folder, 'another'));
      const after = String((await changing.server.event('listening'))['fingerprint']);
      let told = '';
      for (const rule of ['ask', 'accept-new', 'strict']) {
        const ended = await runs(...get, `--host-key=${rule}`);
        expect(ended).toMatchObject({ code: 9, stdout: '' });
        told = ended.stderr;
      }
      const file = flags[1] ?? join(changing.data, 'lftp-udp', 'known_hosts');
      for (const text of [before, after, `${file}, line 1`]) expect(told).toContain(text);
      const words = /: lftp (hostkey forget .*)$/m.exec(told)?.[1]?.replaceAll("'", '') ?? '';
      const command = words.split(/ (?!file)/);
      expect(await changing.run(command)).toMatchObject({ code: 0 });
      expect(await runs(...get, '--host-key=accept-new')).toMatchObject({ code: 0 });
      await changing.remove();
    },
  );
});
