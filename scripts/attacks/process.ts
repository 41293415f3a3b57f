/** Forks one of the programs of this folder and asks it for reports. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export class Asked<Report> {
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  /** Resolves when the program says that it is ready. */
  static async start<Report>(program: string, args: readonly string[]): Promise<Asked<Report>> {
    const child = fork(new URL(program, import.meta.url), [...args]);
    const early = once(child, 'exit').then(() => Promise.reject(new Error(`${program} ended`)));
    await Promise.race([once(child, 'message'), early]);
    early.catch(() => undefined);
    return new Asked(child);
  }

  async report(): Promise<Report> {
    const answer = once(this.child, 'message') as Promise<[Report]>;
    this.child.send('report');
    return (await answer)[0];
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
