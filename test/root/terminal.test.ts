/** Questions at a terminal: host keys and passwords, in one command and in the shell. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliRig } from '../integration/cli-rig.ts';
import { Terminal } from './terminal.ts';

const PASSWORD = 'pässw€rd of alice';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const UP = '\u001b[A';
const BACKSPACE = '\u007f';

let rig: CliRig;
let fingerprint: string;
/** The account's address. */
let where: string;

beforeEach(async () => {
  rig = await CliRig.make();
  fingerprint = String((await rig.server.event('listening'))['fingerprint']);
  where = `alice@127.0.0.1:${rig.port}`;
});

afterEach(async () => {
  await rig.remove();
});

async function knownHosts(): Promise<string> {
  return await readFile(join(rig.data, 'lftp-udp', 'known_hosts'), 'utf8').catch(() => '');
}

async function addAccount(): Promise<void> {
  const args = ['user', 'add', 'alice', '--password-stdin', '--root', rig.root];
  expect(await rig.run(args, { input: PASSWORD })).toMatchObject({ code: 0 });
  await writeFile(join(rig.root, 'alice', 'own'), 'of alice');
}

/** From here on nobody is asked about the server's key. */
async function trust(): Promise<void> {
  const address = `127.0.0.1:${rig.port};fp=${fingerprint}`;
  expect(await rig.run(['hostkey', 'trust', address])).toMatchObject({ code: 0 });
}

describe('an unknown host key', () => {
  beforeEach(async () => {
    await writeFile(join(rig.root, 'file'), 'served');
  });

  it.each([[], ['--quiet']])('is shown, asked about, and known after yes %s', async (...flags) => {
    const terminal = new Terminal(rig, ['get', ...flags, rig.at('file')]);
    await terminal.shows(fingerprint);
    await terminal.shows('Trust it from now on (yes, no)? ');
    terminal.type('perhaps\n');
    await terminal.shows('Trust it from now on (yes, no)? ');
    expect(await knownHosts()).toBe('');
    terminal.type('yes\n');
    expect(await terminal.ended()).toBe(0);
    expect(await readFile(join(rig.work, 'file'), 'utf8')).toBe('served');
    expect(await knownHosts()).toMatch(/^127\.0\.0\.1:\d+ lftp-x25519 [\w-]{43}\n$/);
    const again = new Terminal(rig, ['get', rig.at('file')]);
    expect(await again.ended()).toBe(0);
    expect(again.screen).not.toContain('Trust it');
  });

  it.each([
    ['no\n', 9],
    ['\n', 9],
    [CTRL_C, 130],
    [CTRL_D, 130],
  ])('is not believed after %j, which gives %i', async (answer, code) => {
    const terminal = new Terminal(rig, ['get', rig.at('file')]);
    await terminal.shows('(yes, no)? ');
    terminal.type(answer);
    expect(await terminal.ended()).toBe(code);
    expect(await knownHosts()).toBe('');
    expect(await readdir(rig.work)).toEqual([]);
  });

  it('is refused unasked with strict, and where events are on the screen', async () => {
    for (const flags of [['--host-key=strict'], ['--json', '-']]) {
      const words = ['get', rig.at('file'), ...flags];
      const terminal = new Terminal(rig, words);
      expect(await terminal.ended()).toBe(9);
      expect(terminal.screen).not.toContain('Trust it');
    }
  });
});

describe('a password', () => {
  beforeEach(async () => {
    await addAccount();
    await trust();
  });

  it('is asked for, not shown, and not drawn over', async () => {
    const terminal = new Terminal(rig, ['get', `${where}:own`]);
    await terminal.shows('Password of alice: ');
    terminal.type(`${PASSWORD}x${BACKSPACE}\n`);
    expect(await terminal.ended()).toBe(0);
    expect(await readFile(join(rig.work, 'own'), 'utf8')).toBe('of alice');
    expect(terminal.screen).toMatch(/^Password of alice: \r?\n/);
    for (const part of ['pässw', '€rd', 'of alicex']) expect(terminal.screen).not.toContain(part);
  });

  it.each([
    ['wrong\n', 8],
    [CTRL_C, 130],
    [`half${CTRL_C}`, 130],
    [CTRL_D, 2],
  ])('that is %j gives %i', async (answer, code) => {
    const terminal = new Terminal(rig, ['get', `${where}:own`]);
    await terminal.shows('Password of alice: ');
    terminal.type(answer);
    expect(await terminal.ended()).toBe(code);
    expect(terminal.screen).not.toContain('half');
    expect(await readdir(rig.work)).toEqual([]);
  });
});

describe('the shell', () => {
  beforeEach(addAccount);

  it('asks in its midst, shows no password, and offers no answer again', async () => {
    const terminal = new Terminal(rig, ['connect']);
    await terminal.shows('lftp> ');
    terminal.type(`connect ${where}\n`);
    await terminal.shows('(yes, no)? ');
    terminal.type('yes\n');
    await terminal.shows('Password of alice: ');
    terminal.type(`${PASSWORD}\n`);
    await terminal.shows('alice@127.0.0.1:/> ');
    terminal.type('get o');
    await terminal.shows('get o');
    terminal.type('\t');
    await terminal.shows('wn');
    terminal.type('\n');
    await terminal.shows('alice@127.0.0.1:/> ');
    terminal.type(`${UP}${UP}`);
    await terminal.shows(`connect ${where}`);
    terminal.type(CTRL_C);
    terminal.type('stop\n');
    expect(await terminal.ended()).toBe(0);
    expect(await readFile(join(rig.work, 'own'), 'utf8')).toBe('of alice');
    for (const part of ['pässw', '€rd']) expect(terminal.screen).not.toContain(part);
    const history = join(rig.environment['XDG_STATE_HOME'] ?? '', 'lftp-udp', 'history');
    expect(await readFile(history, 'utf8')).toBe(`connect ${where}\nget own\nstop\n`);
    expect((await stat(history)).mode & 0o777).toBe(0o600);
  });

  it.each(['(yes, no)? ', 'Password of alice: '])('lives on after Ctrl-C at %s', async (at) => {
    if (at.startsWith('Password')) await trust();
    const terminal = new Terminal(rig, ['connect']);
    await terminal.shows('lftp> ');
    terminal.type(`connect ${where}\n`);
    await terminal.shows(at);
    terminal.type(`half${CTRL_C}`);
    await terminal.shows('interrupted');
    await terminal.shows('lftp> ');
    terminal.type('status\n');
    await terminal.shows('Not connected.');
    terminal.type('stop\n');
    expect(await terminal.ended()).toBe(0);
    // The key was checked before the password was asked for.
    expect(/lftp-x25519/.test(await knownHosts())).toBe(at.startsWith('Password'));
  });

  it('ends when its terminal does, also in a question', async () => {
    const terminal = new Terminal(rig, ['connect']);
    await terminal.shows('lftp> ');
    terminal.type(`connect ${where}\n`);
    await terminal.shows('(yes, no)? ');
    terminal.type(CTRL_D);
    expect(await terminal.ended()).toBe(0);
    expect(await knownHosts()).toBe('');
  });
});
