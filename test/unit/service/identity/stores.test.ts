import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../../../src/service/error.ts';
import * as folders from '../../../../src/service/identity/data-folders.ts';
import { fingerprintOf, publicKeyOf } from '../../../../src/service/identity/keys.ts';
import {
  addKnownFingerprint,
  addKnownHost,
  forgetKnownHost,
  readKnownHosts,
} from '../../../../src/service/identity/known-hosts-store.ts';
import { editFile, makeFolder } from '../../../../src/service/identity/private-store.ts';
import {
  commentFault,
  createIdentity,
  hostKeyFile,
  openHostKey,
  readHostKey,
  readIdentity,
  readPublicKey,
} from '../../../../src/service/identity/secret-key-store.ts';

let folder: string;

const inside = (name: string): string => join(folder, name);
const fault = (code: number, text: RegExp): Error =>
  expect.objectContaining({ code, message: expect.stringMatching(text) as string }) as Error;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-identity-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('data folders', () => {
  it('follow XDG, which wants absolute paths', () => {
    const { clientDataFolder, serverDataFolder, defaultIdentityFile } = folders;
    expect(clientDataFolder({ XDG_DATA_HOME: '/x' })).toBe('/x/lftp-udp');
    expect(serverDataFolder({ XDG_DATA_HOME: '/x' })).toBe('/x/lftp-udp/server');
    expect(defaultIdentityFile({ XDG_DATA_HOME: 'x', HOME: '/h' })).toBe(
      '/h/.local/share/lftp-udp/id',
    );
    expect(clientDataFolder({})).toMatch(/\/\.local\/share\/lftp-udp$/);
  });
});

describe('the host key', () => {
  it('is made once, for its owner alone, and stays', async () => {
    const data = inside('a/b');
    expect(await readHostKey(data)).toBe(undefined);
    const pair = await openHostKey(data);
    expect(publicKeyOf(pair.secret)).toEqual(pair.publicKey);
    expect((await stat(hostKeyFile(data))).mode & 0o777).toBe(0o600);
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    expect(await openHostKey(data)).toEqual(pair);
    expect(await readdir(data)).toEqual(['host.key']);
  });

  it('is the same for all who start at once', async () => {
    const data = inside('data');
    const pairs = await Promise.all(Array.from({ length: 20 }, () => openHostKey(data)));
    expect(new Set(pairs.map(({ publicKey }) => fingerprintOf(publicKey))).size).toBe(1);
    expect(await readdir(data)).toEqual(['host.key']);
  });

  it('is refused while others can read it', async () => {
    await openHostKey(folder);
    for (const mode of [0o640, 0o604, 0o660]) {
      await chmod(hostKeyFile(folder), mode);
      await expect(openHostKey(folder)).rejects.toThrow(fault(EXIT.LOCAL_IO, /others may read/));
    }
    await chmod(hostKeyFile(folder), 0o400);
    await expect(openHostKey(folder)).resolves.toBeDefined();
  });

  it('is refused in a folder that others can write to', async () => {
    await chmod(folder, 0o770);
    await expect(openHostKey(folder)).rejects.toThrow(fault(EXIT.LOCAL_IO, /others may write/));
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['half of it', 'lftp-x25519-secret AAAA'],
    ['a public key', `lftp-x25519 ${'A'.repeat(43)}`],
    ['another spelling', `lftp-x25519-secret ${'A'.repeat(42)}B`],
    ['more', `lftp-x25519-secret ${'A'.repeat(43)} more`],
    ['too much', 'x'.repeat(5000)],
  ])('is told to be damaged when it holds %s, and never replaced', async (_what, text) => {
    await writeFile(hostKeyFile(folder), text, { mode: 0o600 });
    await expect(openHostKey(folder)).rejects.toThrow(fault(EXIT.LOCAL_IO, /damaged|longer/));
    expect(await readFile(hostKeyFile(folder), 'utf8')).toBe(text);
  });

  it('is no folder, and lies in no file', async () => {
    await mkdir(hostKeyFile(folder));
    await expect(openHostKey(folder)).rejects.toThrow(fault(EXIT.LOCAL_IO, /regular file/));
    await writeFile(inside('file'), '');
    await expect(openHostKey(inside('file'))).rejects.toThrow(
      expect.objectContaining({ code: EXIT.LOCAL_IO }) as Error,
    );
  });
});

describe('a folder for keys', () => {
  it('is made with those above it, and refused where none can be, at once', async () => {
    const deep = join(folder, 'a', 'b', 'c');
    await makeFolder(deep);
    await makeFolder(deep);
    expect((await stat(deep)).isDirectory()).toBe(true);
    // On Linux Node's own recursive way would try for ever here.
    await expect(makeFolder('/proc/none/such')).rejects.toThrow(fault(EXIT.LOCAL_IO, /./));
  });
});

describe('an identity', () => {
  it('is two files, and is never written over', async () => {
    const path = inside('new/id');
    const { publicKey } = await createIdentity(path, 'me at home');
    expect((await readIdentity(path)).publicKey).toEqual(publicKey);
    expect(await readPublicKey(`${path}.pub`)).toEqual({ publicKey, comment: 'me at home' });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const before = await readFile(path, 'utf8');
    await expect(createIdentity(path, '')).rejects.toThrow(fault(EXIT.EXISTS, /exists/));
    await rm(path);
    await expect(createIdentity(path, '')).rejects.toThrow(fault(EXIT.EXISTS, /exists/));
    expect(await readdir(inside('new'))).toEqual(['id.pub']);
    expect(before).not.toContain(Buffer.from(publicKey).toString('base64url'));
    await expect(readIdentity(path)).rejects.toThrow(fault(EXIT.LOCAL_IO, /no such key/));
  });

  it('shows its public half only', async () => {
    await createIdentity(inside('id'), '');
    await expect(readPublicKey(inside('id'))).rejects.toThrow(fault(EXIT.LOCAL_IO, /secret/));
    await expect(readPublicKey(inside('none'))).rejects.toThrow(fault(EXIT.LOCAL_IO, /no such/));
    const line = await readFile(inside('id.pub'), 'utf8');
    await writeFile(inside('two'), line + line);
    await expect(readPublicKey(inside('two'))).rejects.toThrow(fault(EXIT.LOCAL_IO, /no line/));
    await writeFile(inside('hostile'), `${line.trim()} a\u001b[2J\n`);
    await expect(readPublicKey(inside('hostile'))).rejects.toThrow(fault(EXIT.LOCAL_IO, /no line/));
  });

  it('has a comment of one line', () => {
    expect(commentFault('me@home')).toBe(undefined);
    expect(commentFault('')).toBe(undefined);
    for (const wrong of ['a\nb', 'a\u001b', ' a', '\u2028', '\ud800', 'x'.repeat(201)]) {
      expect(commentFault(wrong)).toBeDefined();
    }
  });
});

describe('known_hosts on disk', () => {
  const key = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);
  const where = (host: string) => ({ host, port: 10_000 });

  it('keeps every line that is added at once', async () => {
    const file = inside('new/known_hosts');
    expect(await readKnownHosts(file)).toEqual({ hosts: [], faults: [] });
    const seeds = Array.from({ length: 30 }, (_, seed) => seed);
    await Promise.all(seeds.map((seed) => addKnownHost(file, where(`h${seed}`), key(seed))));
    expect((await readKnownHosts(file)).hosts).toHaveLength(30);
    const odd = seeds.filter((seed) => seed % 2 === 1);
    const removed = await Promise.all(odd.map((seed) => forgetKnownHost(file, where(`h${seed}`))));
    expect(removed.every((lines) => lines.length === 1)).toBe(true);
    expect((await readKnownHosts(file)).hosts).toHaveLength(15);
    expect(await readdir(inside('new'))).toEqual(['known_hosts']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('asks before it trusts, and leaves the file when the answer is no', async () => {
    const file = inside('known_hosts');
    await writeFile(file, '# mine');
    const print = fingerprintOf(key(1));
    const refuse = (): void => {
      throw new Error('no');
    };
    await expect(addKnownFingerprint(file, where('a'), print, refuse)).rejects.toThrow();
    expect(await readFile(file, 'utf8')).toBe('# mine');
    await addKnownFingerprint(file, where('a'), print);
    expect(await readFile(file, 'utf8')).toBe(`# mine\na fp ${print}\n`);
    expect(await readdir(folder)).toEqual(['known_hosts']);
  });

  it('stays behind the link that somebody put there', async () => {
    await mkdir(inside('real'));
    await writeFile(inside('real/hosts'), '');
    await symlink(inside('real/hosts'), inside('known_hosts'));
    await addKnownHost(inside('known_hosts'), where('a'), key(1));
    expect(await readFile(inside('real/hosts'), 'utf8')).toContain('a lftp-x25519');
  });

  it('breaks the lock of a process that died, and not a young one', async () => {
    const file = inside('known_hosts');
    const lock = `${file}.lock`;
    await writeFile(lock, '');
    const longAgo = Date.now() / 1000 - 60;
    await utimes(lock, longAgo, longAgo);
    await addKnownHost(file, where('a'), key(1));
    await writeFile(lock, '');
    let isDone = false;
    const second = addKnownHost(file, where('b'), key(1)).then(() => {
      isDone = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isDone).toBe(false);
    await rm(lock);
    await second;
    expect(await readdir(folder)).toEqual(['known_hosts']);
  });

  it('does not grow without end', async () => {
    const file = inside('known_hosts');
    await expect(editFile(file, 10, () => 'x'.repeat(11))).rejects.toThrow(
      fault(EXIT.LOCAL_IO, /too long/),
    );
    await writeFile(file, 'x'.repeat(11));
    await expect(editFile(file, 10, () => '')).rejects.toThrow(fault(EXIT.LOCAL_IO, /longer/));
    expect(await readFile(file, 'utf8')).toBe('x'.repeat(11));
    expect(await readdir(folder)).toEqual(['known_hosts']);
  });
});
