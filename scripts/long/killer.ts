/**
 * SIGKILL of client and server at random moments of a `get` and a `post`, then the same command
 * again, or the client's own next attempt: the file must be whole, and little of it sent twice.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const about = 'kills of client and server in the middle, then on: COUNT of each, 10';

const PROGRAM = fileURLToPath(new URL('../../bin/lftp.js', import.meta.url));
const SIZE_BYTES = 96 * 1_048_576 + 1;
const MOST_RESENT_BYTES = 16_777_216 + 4_194_304;
const PORT = 20_771;

interface Case {
  readonly operation: 'get' | 'post';
  readonly victim: 'client' | 'server';
}

class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'lftp-killer-'));
  readonly root = join(this.folder, 'root');
  readonly work = join(this.folder, 'work');
  readonly bytes = randomBytes(SIZE_BYTES);
  server: ChildProcess | undefined;

  constructor() {
    mkdirSync(this.root);
    mkdirSync(this.work);
    writeFileSync(join(this.root, 'source'), this.bytes);
    writeFileSync(join(this.work, 'source'), this.bytes);
  }

  start(args: readonly string[]): ChildProcess {
    const XDG_DATA_HOME = join(this.folder, 'data');
    const XDG_STATE_HOME = join(this.folder, 'state');
    const env = { ...process.env, XDG_DATA_HOME, XDG_STATE_HOME, LFTPU_HOST_KEY: 'accept-new' };
    return spawn(process.execPath, [PROGRAM, ...args], { cwd: this.work, env });
  }

  async serve(): Promise<void> {
    const flags = ['--json', '--anonymous=rw', '--host=127.0.0.1', `--port=${PORT}`];
    const server = this.start(['serve', this.root, ...flags]);
    this.server = server;
    await new Promise((resolve) => server.stdout?.once('data', resolve));
  }

  /** Bytes of the unfinished file, and of no other. */
  unfinishedBytes(): number {
    const parts = namesIn(this.work).filter((name) => name.endsWith('.lftp-part'));
    const partial = join(this.root, '.lftp-udp', 'partial');
    const uploads = namesIn(partial).filter((name) => /^[0-9a-f]{32}$/.test(name));
    const paths = [
      ...parts.map((name) => join(this.work, name)),
      ...uploads.map((name) => join(partial, name)),
    ];
    return paths.reduce((sum, path) => sum + sizeOf(path), 0);
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** What a client said in the end. */
function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string }> {
  const pieces: Buffer[] = [];
  child.stdout?.on('data', (piece: Buffer) => pieces.push(piece));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, stdout: Buffer.concat(pieces).toString() }));
  });
}

/** @returns why it is wrong, nothing when all is well, undefined when the kill came too late */
async function once(place: Place, { operation, victim }: Case): Promise<string | undefined> {
  const names = operation === 'get' ? [`127.0.0.1:${PORT}:source`, 'target'] : undefined;
  const operands = names ?? ['source', `127.0.0.1:${PORT}:target`];
  const args = [operation, '--json', '--progress=none', ...operands];
  const target = join(operation === 'get' ? place.work : place.root, 'target');
  rmSync(target, { force: true });
  await place.serve();
  const client = place.start(args);
  const first = ended(client);
  const atBytes = randomInt(SIZE_BYTES);
  while (place.unfinishedBytes() < atBytes && client.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const dying = victim === 'client' ? client : place.server;
  const gone = new Promise((resolve) => dying?.once('close', resolve));
  dying?.kill('SIGKILL');
  await gone;
  const heldBytes = place.unfinishedBytes();
  const isEarly = statSync(target, { throwIfNoEntry: false }) === undefined;
  if (victim === 'server') await place.serve();
  const result = victim === 'server' ? await first : await ended(place.start(args));
  place.server?.kill('SIGKILL');
  return isEarly ? judge(place, target, result, heldBytes) : undefined;
}

function judge(
  place: Place,
  target: string,
  result: { code: number | null; stdout: string },
  heldBytes: number,
): string {
  if (result.code !== 0) return `ended with ${result.code}: ${result.stdout}`;
  if (!readFileSync(target).equals(place.bytes)) return 'the file is another one';
  if (place.unfinishedBytes() !== 0) return 'something unfinished stayed';
  const done = result.stdout.split('\n').find((line) => line.includes('"event":"done"')) ?? '{}';
  const { keptBytes = 0 } = JSON.parse(done) as { keptBytes?: number };
  if (heldBytes - keptBytes <= MOST_RESENT_BYTES) return '';
  return `${heldBytes} bytes were there, and ${keptBytes} were kept`;
}

export async function run([count = '10']: readonly string[]): Promise<boolean> {
  const place = new Place();
  const tally = { right: 0, wrong: 0, late: 0 };
  for (let round = 0; round < Number(count); round += 1) {
    for (const operation of ['get', 'post'] as const) {
      for (const victim of ['client', 'server'] as const) {
        const fault = await once(place, { operation, victim });
        if (fault === undefined) tally.late += 1;
        else if (fault === '') tally.right += 1;
        else tally.wrong += 1;
        if (fault !== undefined && fault !== '') {
          console.log(`  ${operation}, ${victim} killed: ${fault}`);
        }
      }
    }
  }
  rmSync(place.folder, { recursive: true });
  console.log(`  ${tally.right} went on, ${tally.wrong} wrong, ${tally.late} killed too late`);
  return tally.wrong === 0 && tally.right > 0;
}
