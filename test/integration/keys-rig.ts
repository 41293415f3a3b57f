/** Runs commands that need no server, with a data folder of their own. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAM, REPOSITORY, Running } from './cli-rig.ts';
import type { Ended, RunOptions } from './cli-rig.ts';

/** Whom permissions bind: root reads everything, so as root the commands run as nobody. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export class KeysRig {
  readonly folder: string;
  /** Of the client. */
  readonly client: string;
  /** Of the server. */
  readonly data: string;
  private readonly started: Running[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.client = join(folder, 'lftp-udp');
    this.data = join(folder, 'lftp-udp', 'server');
  }

  static async make(): Promise<KeysRig> {
    if (!existsSync(PROGRAM)) {
      execFileSync('npm', ['run', '-s', 'build'], { cwd: REPOSITORY, stdio: 'inherit' });
    }
    const folder = await mkdtemp(join(tmpdir(), 'lftp-keys-'));
    if (NOBODY.uid !== undefined) await chown(folder, NOBODY.uid, NOBODY.gid);
    return new KeysRig(folder);
  }

  /** Runs the program, or another script that Node knows. */
  start(args: readonly string[], options: RunOptions = {}, script = [PROGRAM]): Running {
    const child = spawn(process.execPath, [...script, ...args], {
      cwd: this.folder,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], XDG_DATA_HOME: this.folder, ...options.env },
      ...NOBODY,
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    const running = new Running(child);
    this.started.push(running);
    return running;
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await this.start(args, options).ended;
  }

  /** The contents of every file below the folder. */
  async everything(): Promise<Buffer[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))));
  }

  async remove(): Promise<void> {
    for (const running of this.started) {
      if (running.child.exitCode === null) running.kill('SIGKILL');
    }
    await Promise.all(this.started.map(({ ended }) => ended));
    await chmod(this.folder, 0o700);
    await rm(this.folder, { recursive: true });
  }
}
