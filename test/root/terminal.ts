/** The program at a terminal, which `script` of bsdutils makes. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { PROGRAM } from '../integration/cli-rig.ts';
import type { CliRig } from '../integration/cli-rig.ts';

const LIMIT_MS = 20_000;

export class Terminal {
  private readonly child: ChildProcess;
  private text = '';
  /** What was waited for already. */
  private seen = 0;
  private onText: () => void = () => undefined;

  /** Runs `lftp` with these words; the variables of `rig` say where keys are. */
  constructor(rig: CliRig, words: readonly string[], variables: Record<string, string> = {}) {
    const command = [process.execPath, PROGRAM, ...words].map((word) => `'${word}'`).join(' ');
    this.child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd: rig.work,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        TERM: 'xterm',
        ...rig.environment,
        LFTPU_HOST_KEY: '',
        ...variables,
      },
    });
    this.child.stdin?.on('error', () => undefined);
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.text += chunk.toString();
      this.onText();
    });
  }

  /** All that the screen got. */
  get screen(): string {
    return this.text;
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Resolves when `text` comes up behind what was waited for before. */
  async shows(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no ${JSON.stringify(text)} in ${JSON.stringify(this.text)}`));
      }, LIMIT_MS);
      this.onText = () => {
        const at = this.text.indexOf(text, this.seen);
        if (at < 0) return;
        this.seen = at + text.length;
        clearTimeout(timer);
        resolve();
      };
      this.onText();
    });
  }

  /** The exit code of the program. */
  async ended(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'close');
    return this.child.exitCode;
  }
}
