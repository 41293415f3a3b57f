/** Either side is killed in the middle, and the transfer goes on, with real processes. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliRig, eventIn, eventsIn, until } from './cli-rig.ts';
import type { Running } from './cli-rig.ts';

/** So much that a transfer is still under way when a busy machine gets to kill it. */
const SIZE_BYTES = 96 * 1_048_576 + 321;
/** What a crash may cost: data that was not flushed, and a window that was on its way. */
const MOST_RESENT_BYTES = 16_777_216 + 4_194_304;
const BYTES = randomBytes(SIZE_BYTES);

type Operation = 'get' | 'post';

let rig: CliRig;

beforeEach(async () => {
  rig = await CliRig.make('--anonymous=rw');
  await writeFile(join(rig.root, 'big'), BYTES);
  await writeFile(join(rig.work, 'source'), BYTES);
});

afterEach(async () => {
  await rig.remove();
});

function argsOf(operation: Operation, ...flags: string[]): string[] {
  const common = [operation, '--json', '--progress=none', ...flags];
  return [
    ...common,
    ...(operation === 'get' ? [rig.at('big'), 'target'] : ['source', rig.at('target')]),
  ];
}

/** Bytes of the unfinished file, wherever it grows. */
async function unfinishedBytes(): Promise<number> {
  const [stray] = await rig.strays();
  const [partial] = await rig.partials();
  const path =
    stray === undefined
      ? join(rig.root, '.lftp-udp', 'partial', partial ?? 'none')
      : join(rig.work, stray);
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** Starts a transfer and resolves in the middle of it. */
async function underWay(operation: Operation, atBytes: number): Promise<Running> {
  const running = rig.start(argsOf(operation));
  await until(async () => ((await unfinishedBytes()) >= atBytes ? true : undefined));
  expect(eventsIn(running.stdout).map(({ event }) => event)).not.toContain('done');
  return running;
}

async function expectWhole(operation: Operation): Promise<void> {
  const folder = operation === 'get' ? rig.work : rig.root;
  expect((await readFile(join(folder, 'target'))).equals(BYTES)).toBe(true);
  expect(await rig.strays()).toEqual([]);
  expect(await rig.partials()).toEqual([]);
  expect(await readdir(join(rig.folder, 'state', 'lftp-udp'))).toEqual([]);
}

const OPERATIONS: readonly Operation[] = ['get', 'post'];

describe('killed in the middle', () => {
  it.each(OPERATIONS)('the client of a %s goes on when it is run again', async (operation) => {
    const running = await underWay(operation, 18 * 1_048_576);
    running.kill('SIGKILL');
    await running.ended;
    expect(await readdir(operation === 'get' ? rig.work : rig.root)).not.toContain('target');
    const heldBytes = await unfinishedBytes();
    const ended = await rig.run(argsOf(operation));
    expect(ended).toMatchObject({ code: 0 });
    const { bytes, keptBytes } = eventIn(ended.stdout, 'done');
    expect(bytes).toBe(SIZE_BYTES);
    expect(heldBytes - Number(keptBytes)).toBeLessThanOrEqual(MOST_RESENT_BYTES);
    expect(keptBytes).toBeGreaterThan(0);
    await expectWhole(operation);
  });

  it.each(OPERATIONS)('the server of a %s is waited for', async (operation) => {
    const running = await underWay(operation, 18 * 1_048_576);
    const heldBytes = await unfinishedBytes();
    rig.server.kill('SIGKILL');
    await rig.server.ended;
    await rig.serve('--anonymous=rw');
    const ended = await running.ended;
    expect(ended).toMatchObject({ code: 0 });
    expect(eventIn(ended.stdout, 'retry')).toMatchObject({ attempt: 1, code: 17 });
    const { keptBytes } = eventIn(ended.stdout, 'done');
    expect(heldBytes - Number(keptBytes)).toBeLessThanOrEqual(MOST_RESENT_BYTES);
    expect(keptBytes).toBeGreaterThan(0);
    await expectWhole(operation);
  });
});

describe('a source that changed meanwhile', () => {
  it('ends a get with 16 where that is wanted, and is fetched anew where not', async () => {
    const running = await underWay('get', 16 * 1_048_576);
    running.kill('SIGKILL');
    await running.ended;
    await utimes(join(rig.root, 'big'), 1, 1);
    const strict = await rig.run(argsOf('get', '--resume=strict'));
    expect(strict).toMatchObject({ code: 16 });
    const anew = await rig.run(argsOf('get'));
    expect(anew).toMatchObject({ code: 0 });
    expect(eventIn(anew.stdout, 'restart')).toMatchObject({ path: '/big' });
    expect(eventIn(anew.stdout, 'done')).toMatchObject({ keptBytes: 0 });
    await expectWhole('get');
  });
});

describe('lftp partials', () => {
  it('shows what broke off, leaves alone what runs, and forgets the rest', async () => {
    const running = await underWay('get', 18 * 1_048_576);
    // It is there, and does not end meanwhile.
    running.kill('SIGSTOP');
    expect((await rig.run(['partials', 'rm'])).stderr).toContain('0 removed');
    running.kill('SIGKILL');
    await running.ended;
    const listed = await rig.run(['partials', 'list', '--json']);
    const local = join(rig.work, 'target');
    expect(eventIn(listed.stdout, 'partial')).toMatchObject({ op: 'get', local, size: SIZE_BYTES });
    expect((await rig.run(['partials'])).stdout).toContain('target');
    expect(await rig.run(['partials', 'rm', 'other'])).toMatchObject({ code: 4 });
    expect(await rig.run(['partials', 'rm', 'target'])).toMatchObject({ code: 0 });
    expect(await rig.strays()).toEqual([]);
    expect((await rig.run(['partials'])).stdout).toBe('');
  });
});
