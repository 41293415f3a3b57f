/** A crowd of clients, spread over a few processes. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Fetched, Order, Report } from './protocol.ts';

/** Of the clients of one row. */
export const MAX_PROCESSES = 8;

class Member {
  private readonly child: ChildProcess;
  /** At most one of each kind is asked for. */
  private readonly waiting = new Map<string, (report: Report) => void>();
  private readonly ended: Promise<unknown>;

  constructor() {
    this.child = fork(new URL('./member.js', import.meta.url));
    this.ended = once(this.child, 'exit');
    this.child.on('message', (report: Report) => this.hear(report));
    this.child.on('exit', () => {
      this.hear({ kind: 'failed', reason: 'a process of the crowd has ended' });
    });
  }

  /** A failure answers everything. */
  private hear(report: Report): void {
    for (const [kind, tell] of this.waiting) {
      if (report.kind !== kind && report.kind !== 'failed') continue;
      this.waiting.delete(kind);
      tell(report);
    }
  }

  /** @throws what went wrong there */
  async ask<K extends Report['kind']>(order: Order, kind: K): Promise<Report & { kind: K }> {
    const answer = new Promise<Report>((resolve) => this.waiting.set(kind, resolve));
    this.child.send(order);
    const report = await answer;
    if (report.kind === 'failed') throw new Error(report.reason);
    return report as Report & { kind: K };
  }

  /** Ends its sessions and itself; whatever it was doing is given up. */
  async end(): Promise<void> {
    this.waiting.clear();
    if (this.child.connected) this.child.send({ kind: 'close' } satisfies Order);
    await this.ended;
  }
}

export class Crowd {
  private readonly members: readonly Member[];

  constructor(processes: number) {
    this.members = Array.from({ length: processes }, () => new Member());
  }

  /** Opens `count` sessions in all; resolves when every one is open. */
  async open(host: string, port: number, count: number): Promise<void> {
    const each = Math.floor(count / this.members.length);
    const extra = count % this.members.length;
    const shares = this.members.map((_, index) => each + (index < extra ? 1 : 0));
    await Promise.all(
      this.members.map((member, index) =>
        member.ask({ kind: 'open', host, port, count: shares[index] ?? 0 }, 'opened'),
      ),
    );
  }

  /** Every session fetches a file at once; see {@link Order}. */
  async get(names: readonly string[]): Promise<Fetched[]> {
    const reports = await Promise.all(
      this.members.map((member) => member.ask({ kind: 'get', names }, 'fetched')),
    );
    return reports.flatMap(({ files }) => files);
  }

  /** The sessions leave; the processes stay for others. */
  async leave(): Promise<void> {
    await Promise.all(this.members.map((member) => member.ask({ kind: 'leave' }, 'left')));
  }

  /** Begins to fetch and does not wait: what comes of it is `countBytes`. */
  begin(name: string): void {
    for (const member of this.members) {
      member.ask({ kind: 'get', names: [name] }, 'fetched').catch(() => undefined);
    }
  }

  /** File bytes that have come so far. */
  async countBytes(): Promise<number> {
    const reports = await Promise.all(
      this.members.map((member) => member.ask({ kind: 'count' }, 'counted')),
    );
    return reports.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.end()));
  }
}
