/** Runs the real program as people and scripts do, in a folder of its own. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
export const PROGRAM = join(REPOSITORY, 'dist', 'bin', 'lftp.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Event = Readonly<Record<string, unknown>> & { readonly event: string };

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that runs, and what it has said so far. */
export class Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  private readonly out: Buffer[] = [];
  private readonly err: Buffer[] = [];

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => this.out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.err.push(chunk));
    this.ended = new Promise((resolve) => {
      child.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  get stdoutBytes(): Buffer {
    return Buffer.concat(this.out);
  }

  get stdout(): string {
    return this.stdoutBytes.toString();
  }

  get stderr(): string {
    return Buffer.concat(this.err).toString();
  }

  /** Resolves with the first event of that name on standard output. */
  async event(name: string): Promise<Event> {
    return await until(() => eventsIn(this.stdout).find(({ event }) => event === name));
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** A served folder, its server, and a folder beside it where commands run. */
export class CliRig {
  readonly folder: string;
  readonly root: string;
  readonly work: string;
  /** Keys, known hosts and accounts of both sides. */
  readonly data: string;
  server!: Running;
  port = 0;
  private readonly started: Running[] = [];
  private user: { readonly uid?: number; readonly gid?: number } = {};

  private constructor(folder: string) {
    this.folder = folder;
    this.root = join(folder, 'root');
    this.work = join(folder, 'work');
    this.data = join(folder, 'data');
  }

  static async make(...flags: string[]): Promise<CliRig> {
    if (!existsSync(PROGRAM)) {
      execFileSync('npm', ['run', '-s', 'build'], { cwd: REPOSITORY, stdio: 'inherit' });
    }
    const rig = new CliRig(await mkdtemp(join(tmpdir(), 'lftp-cli-')));
    await mkdir(rig.root);
    await mkdir(rig.work);
    await rig.serve(...flags);
    return rig;
  }

  /** Starts the server on a free port of IPv4 loopback. */
  async serve(...flags: string[]): Promise<void> {
    const args = ['serve', this.root, '--json', '--host', '127.0.0.1', '-P', String(this.port)];
    this.server = this.start([...args, ...flags]);
    const { port } = await this.server.event('listening');
    if (typeof port !== 'number') throw new Error('the server told no port');
    this.port = port;
  }

  /** Whatever is started from here on runs as that user. */
  as(user: { readonly uid?: number; readonly gid?: number }): void {
    this.user = user;
  }

  /** Where the client finds `path`. */
  at(path: string): string {
    return `127.0.0.1:${this.port}:${path}`;
  }

  start(args: readonly string[], options: RunOptions = {}): Running {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: this.work,
      ...this.user,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], ...this.environment, ...options.env },
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    const running = new Running(child);
    this.started.push(running);
    return running;
  }

  /** Nobody sits at the terminal of a test, so a new host key is believed. */
  get environment(): Readonly<Record<string, string>> {
    const XDG_STATE_HOME = join(this.folder, 'state');
    return { XDG_DATA_HOME: this.data, XDG_STATE_HOME, LFTPU_HOST_KEY: 'accept-new' };
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return await this.start(args, options).ended;
  }

  /** Names in the folder of unfinished uploads. */
  async partials(): Promise<string[]> {
    const names = readdir(join(this.root, '.lftp-udp', 'partial'));
    return (await names.catch(() => [])).filter((name) => !name.endsWith('.journal'));
  }

  /** Names in the working folder that no command should leave behind. */
  async strays(): Promise<string[]> {
    return (await readdir(this.work)).filter((name) => name.endsWith('.lftp-part'));
  }

  async remove(): Promise<void> {
    for (const running of this.started) {
      if (running.child.exitCode === null) running.kill('SIGKILL');
    }
    await Promise.all(this.started.map(({ ended }) => ended));
    await rm(this.folder, { recursive: true });
  }
}

/** The JSON lines in `text`; a line that is not complete yet is left out. */
export function eventsIn(text: string): Event[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Event);
}

export function eventIn(text: string, name: string): Event {
  const found = eventsIn(text).find(({ event }) => event === name);
  if (found === undefined) throw new Error(`no event ${name} in: ${text}`);
  return found;
}

/** Waits until `probe` has something to say; other processes give no other sign. */
export async function until<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  limitMs = 20_000,
): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
