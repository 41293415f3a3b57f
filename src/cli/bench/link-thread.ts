/**
 * The emulated link in a thread of its own: what the main thread shows, and its garbage, delay no
 * datagram. This file is both sides of it; the thread runs it again.
 */
import { setPriority } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { LinkCounters, LinkOptions } from '../../sim/link.ts';
import { SequenceWatch } from '../../sim/sequence-plot.ts';
import type { SequencePlots } from '../../sim/sequence-plot.ts';
import { Relay } from '../relay.ts';
import { kernelDrops } from './kernel-drops.ts';
import type { EmulatorHealth } from './run.ts';
import { sharedNowMs } from './shared-clock.ts';

export interface LinkOrder {
  readonly targetPort: number;
  /** To the receiver of the file, and back. */
  readonly data: Partial<LinkOptions>;
  readonly answers: Partial<LinkOptions>;
  readonly seed: number;
}

export interface LinkReport {
  readonly data: LinkCounters;
  readonly answers: LinkCounters;
  readonly health: EmulatorHealth;
  /** Times are milliseconds since the first datagram. */
  readonly plots: SequencePlots;
  /** When the first datagram came, by {@link sharedNowMs}; undefined: none came. */
  readonly firstAtMs: number | undefined;
}

type Reply =
  | { readonly kind: 'open'; readonly port: number }
  | { readonly kind: 'report'; readonly report: LinkReport };

interface ThreadData {
  readonly role: typeof ROLE;
  readonly order: LinkOrder;
}

const ROLE = 'lftp bench link';
const HOST = '127.0.0.1';

export class LinkThread {
  private readonly worker: Worker;
  /** Where the client finds the server. */
  readonly port: number;

  private constructor(worker: Worker, port: number) {
    this.worker = worker;
    this.port = port;
  }

  /** @throws what went wrong in the thread */
  static async start(order: LinkOrder): Promise<LinkThread> {
    const data: ThreadData = { role: ROLE, order };
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    const reply = await replyOf(worker);
    if (reply.kind !== 'open') throw new Error('the link answered out of turn');
    return new LinkThread(worker, reply.port);
  }

  /** What has happened so far; the sockets of both ends should still be open. */
  async report(): Promise<LinkReport> {
    const reply = replyOf(this.worker);
    this.worker.postMessage('report');
    const told = await reply;
    if (told.kind !== 'report') throw new Error('the link answered out of turn');
    return told.report;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

function replyOf(worker: Worker): Promise<Reply> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (reply: Reply) => {
      worker.off('error', reject);
      resolve(reply);
    });
  });
}

/** Before the two ends, as a network is; granted to root, and elsewhere not missed. */
const NICE = -15;

function comeFirst(): void {
  try {
    // On Linux 0 is the thread that asks.
    setPriority(0, NICE);
  } catch {
    return;
  }
}

/** The thread's side. */
class LinkSide {
  private readonly sequence = new SequenceWatch();
  private readonly relay: Relay;
  private firstAtMs: number | undefined;
  /** Readings at that time. */
  private usedBefore = performance.eventLoopUtilization();
  private nappedBeforeMs = 0;

  constructor({ targetPort, data, answers, seed }: LinkOrder) {
    this.relay = new Relay({
      targetAddress: HOST,
      targetPort,
      forward: answers,
      backward: data,
      seed,
      watch: {
        onForward: (_, bytes) => this.sequence.onReturned(this.sinceFirstMs(), bytes),
        onBackward: (_, bytes, isCarried) => {
          this.sequence.onSent(this.sinceFirstMs(), bytes, isCarried);
        },
      },
    });
  }

  async open(): Promise<void> {
    comeFirst();
    await this.relay.open();
    parentPort?.on('message', () => tell({ kind: 'report', report: this.report() }));
    tell({ kind: 'open', port: this.relay.port });
  }

  private sinceFirstMs(): number {
    if (this.firstAtMs === undefined) {
      this.firstAtMs = sharedNowMs();
      this.usedBefore = performance.eventLoopUtilization();
      this.nappedBeforeMs = this.relay.nappedMs;
    }
    return sharedNowMs() - this.firstAtMs;
  }

  private report(): LinkReport {
    const { relay, firstAtMs } = this;
    const { forward, backward, overruns, ...late } = relay.report();
    const { medianLateMs, p99LateMs, mostLateMs } = late;
    const health: EmulatorHealth = {
      medianLateMs,
      p99LateMs,
      mostLateMs,
      busyShare: this.busyShare(),
      overruns,
      kernelDrops: kernelDrops(relay.ports()),
    };
    const plots = this.sequence.plots();
    return { data: backward, answers: forward, health, plots, firstAtMs };
  }

  private busyShare(): number {
    const { active, idle } = performance.eventLoopUtilization(this.usedBefore);
    const nappedMs = this.relay.nappedMs - this.nappedBeforeMs;
    return Math.max(0, active - nappedMs) / Math.max(1, active + idle);
  }
}

function tell(reply: Reply): void {
  parentPort?.postMessage(reply);
}

function isOurs(data: unknown): data is ThreadData {
  return typeof data === 'object' && data !== null && 'role' in data && data.role === ROLE;
}

const startedWith: unknown = workerData;
if (!isMainThread && isOurs(startedWith)) await new LinkSide(startedWith.order).open();
