/** The asking side of the exchange: gets and posts, several at once, and now and then a cancel. */
import type { Connection } from '../transport/connection.ts';
import type { Random } from '../util/random.ts';
import type { SlabPool } from '../util/slab.ts';
import { ERROR } from '../wire/codes.ts';
import {
  type CloseMode,
  type ExchangeMessage,
  MESSAGE,
  type MessageKind,
} from './exchange-message.ts';
import { check } from './failure.ts';
import { Party } from './party.ts';
import {
  type Habits,
  type RecordHandlers,
  type RecordPlan,
  RecordStream,
} from './record-stream.ts';

export interface JobPlan extends RecordPlan {
  readonly kind: 'get' | 'post';
  readonly paddingBytes: number;
  /** The client gives the job up once this many bytes moved; Infinity = never. */
  readonly cancelAtBytes: number;
}

export interface ClientPlan {
  readonly jobs: readonly JobPlan[];
  /** Jobs under way at once. */
  readonly depth: number;
  readonly closeMode: CloseMode;
  /** Mode `abort`: after this many bytes arrived or jobs ended, whichever comes first. */
  readonly abortAtBytes: number;
  readonly habits: Habits;
}

interface Job {
  readonly plan: JobPlan;
  state: 'waiting' | 'running' | 'done';
  hasData: boolean;
  hasChecksum: boolean;
  isCancelled: boolean;
}

export const ABORT_CODE = ERROR.OTHER;

export class ClientParty extends Party implements RecordHandlers {
  readonly stream: RecordStream;
  readonly plan: ClientPlan;
  /** Jobs that were given up and ended early. */
  cancelledJobs = 0;
  private readonly jobs: Job[];
  private running = 0;
  private done = 0;

  constructor(connection: Connection, plan: ClientPlan, sendPool: SlabPool, random: Random) {
    super(connection);
    this.plan = plan;
    this.jobs = plan.jobs.map((job) => ({
      plan: job,
      state: 'waiting',
      hasData: false,
      hasChecksum: false,
      isCancelled: false,
    }));
    this.stream = new RecordStream(connection, sendPool, plan.habits, random, this);
    this.stream.say(
      this.message(MESSAGE.HELLO, { id: 0, sizeBytes: plan.jobs.length, seed: 0 }, 0),
    );
  }

  get isComplete(): boolean {
    return this.done === this.jobs.length;
  }

  get closeMode(): CloseMode {
    return this.plan.closeMode;
  }

  get jobsDone(): number {
    return this.done;
  }

  describe(): string {
    const states = this.jobs.map(({ plan, state, hasData, hasChecksum }) => {
      const has = `${hasData ? ' data' : ''}${hasChecksum ? ' checksum' : ''}`;
      const inBytes = this.stream.receivedOf(plan.id);
      return `${plan.kind} ${plan.id} (${plan.sizeBytes} B): ${state}${has} ${inBytes} B in`;
    });
    return `client ${this.connection.state}: ${states.join('; ')}`;
  }

  onMessage(message: ExchangeMessage): void {
    const job = this.jobs[message.id];
    const isAnswer = message.kind === MESSAGE.CHECKSUM || message.kind === MESSAGE.DONE;
    check(job !== undefined && isAnswer, 'bytes', () => `message ${message.kind} to the client`);
    check(message.seed === job!.plan.seed, 'bytes', () => `answer of another job`);
    check(!job!.hasChecksum, 'bytes', () => `job ${message.id} was answered twice`);
    job!.hasChecksum = true;
    if (job!.plan.kind === 'post') {
      job!.hasData = true;
      const isWhole = message.size === job!.plan.sizeBytes || job!.isCancelled;
      check(isWhole, 'bytes', () => `post ${message.id} arrived with ${message.size} bytes`);
    }
    this.settle(job!);
  }

  onRecordEnd(plan: RecordPlan, receivedBytes: number, error: number): void {
    const job = this.jobs[plan.id]!;
    const isExpected = error === ERROR.NONE || (job.isCancelled && error === ERROR.CANCELLED);
    check(isExpected, 'bytes', () => `get ${plan.id} ended at ${receivedBytes} by error ${error}`);
    if (error !== ERROR.NONE) this.cancelledJobs += 1;
    job.hasData = true;
    this.settle(job);
  }

  onRecordSent(plan: RecordPlan, error: number): void {
    if (error !== ERROR.NONE) this.cancelledJobs += 1;
    this.stream.say(this.message(MESSAGE.CHECKSUM, plan, 0));
  }

  protected decide(nowMs: number): void {
    if (this.closeMode === 'abort' && this.shouldAbort()) {
      this.abort(ABORT_CODE);
      return;
    }
    this.startJobs(nowMs);
    this.cancelJobs(nowMs);
    const hasAsked = this.jobs.every((job) => job.state !== 'waiting') && this.stream.isDrained;
    const isEarly = this.closeMode === 'early' && hasAsked;
    const mayFinish = this.closeMode !== 'server' || this.isPeerFinished;
    if (isEarly || (this.isComplete && this.stream.isDrained && mayFinish)) this.finish();
  }

  private shouldAbort(): boolean {
    return this.done > 0 || this.stream.bytesReceived >= this.plan.abortAtBytes;
  }

  private startJobs(nowMs: number): void {
    for (const job of this.jobs) {
      if (this.running >= this.plan.depth) return;
      if (job.state !== 'waiting' || this.hasFinished) continue;
      job.state = 'running';
      this.running += 1;
      const kind = job.plan.kind === 'get' ? MESSAGE.GET : MESSAGE.POST;
      this.stream.say(this.message(kind, job.plan, job.plan.paddingBytes));
      if (kind === MESSAGE.GET) this.stream.expect(job.plan);
      else this.stream.send(job.plan);
      this.stream.pump(nowMs);
    }
  }

  private cancelJobs(nowMs: number): void {
    for (const job of this.jobs) {
      if (job.state !== 'running' || job.isCancelled || this.hasFinished) continue;
      const moved =
        job.plan.kind === 'get'
          ? this.stream.receivedOf(job.plan.id)
          : this.connection.stats().bytesAcknowledged;
      if (moved < job.plan.cancelAtBytes) continue;
      job.isCancelled = true;
      if (job.plan.kind === 'post') this.stream.cancel(job.plan.id);
      else this.stream.say(this.message(MESSAGE.CANCEL, job.plan, 0));
      this.stream.pump(nowMs);
    }
  }

  private settle(job: Job): void {
    if (!job.hasData || !job.hasChecksum) return;
    job.state = 'done';
    this.running -= 1;
    this.done += 1;
  }

  private message(kind: MessageKind, plan: RecordPlan, paddingBytes: number): ExchangeMessage {
    const { id, sizeBytes, seed } = plan;
    return { kind, closeMode: this.plan.closeMode, id, size: sizeBytes, seed, paddingBytes };
  }
}
