/** The answering side of the exchange: it has every file, and takes every file. */
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

interface Post {
  readonly plan: RecordPlan;
  receivedBytes: number;
  hasData: boolean;
  hasChecksum: boolean;
}

export class ServerParty extends Party implements RecordHandlers {
  readonly stream: RecordStream;
  private readonly posts = new Map<number, Post>();
  private jobsExpected = Infinity;
  private jobsSeen = 0;
  private jobsDone = 0;
  private mode: CloseMode = 'client';

  constructor(connection: Connection, habits: Habits, sendPool: SlabPool, random: Random) {
    super(connection);
    this.stream = new RecordStream(connection, sendPool, habits, random, this);
  }

  get isComplete(): boolean {
    return this.jobsDone === this.jobsExpected;
  }

  /** Whether the client has said what it wants; one that aborts may never come to that. */
  get isGreeted(): boolean {
    return this.jobsExpected !== Infinity;
  }

  get closeMode(): CloseMode {
    return this.mode;
  }

  describe(): string {
    const { state } = this.connection;
    return `server ${state}: ${this.jobsDone} of ${this.jobsExpected} jobs done`;
  }

  onMessage(message: ExchangeMessage): void {
    const { id, seed, size } = message;
    switch (message.kind) {
      case MESSAGE.HELLO:
        check(this.jobsExpected === Infinity, 'bytes', () => 'a second hello');
        this.jobsExpected = size;
        this.mode = message.closeMode;
        break;
      case MESSAGE.GET:
        this.countJob(id);
        this.stream.send({ id, sizeBytes: size, seed });
        break;
      case MESSAGE.POST: {
        this.countJob(id);
        const plan = { id, sizeBytes: size, seed };
        this.posts.set(id, { plan, receivedBytes: 0, hasData: false, hasChecksum: false });
        this.stream.expect(plan);
        break;
      }
      case MESSAGE.CHECKSUM:
        this.onChecksum(id, seed);
        break;
      case MESSAGE.CANCEL:
        this.stream.cancel(id);
        break;
      default:
        check(false, 'bytes', () => `message ${message.kind} to the server`);
    }
  }

  onRecordEnd(plan: RecordPlan, receivedBytes: number, error: number): void {
    const isExpected = error === ERROR.NONE || error === ERROR.CANCELLED;
    check(isExpected, 'bytes', () => `post ${plan.id} ended by error ${error}`);
    const post = this.posts.get(plan.id)!;
    post.receivedBytes = receivedBytes;
    post.hasData = true;
    this.settle(post);
  }

  onRecordSent(plan: RecordPlan): void {
    this.say(MESSAGE.CHECKSUM, plan, plan.sizeBytes);
    this.jobsDone += 1;
  }

  protected decide(nowMs: number): void {
    if (!this.hasFinished) this.stream.pump(nowMs);
    if (!this.isComplete || !this.stream.isDrained) return;
    if (this.isPeerFinished || this.mode === 'server' || this.mode === 'both') this.finish();
  }

  /** Jobs are asked for in order of their numbers, each once. */
  private countJob(id: number): void {
    check(id === this.jobsSeen, 'bytes', () => `job ${id} asked for, ${this.jobsSeen} was next`);
    check(this.jobsSeen < this.jobsExpected, 'bytes', () => 'a job too many');
    this.jobsSeen += 1;
  }

  private onChecksum(id: number, seed: number): void {
    const post = this.posts.get(id);
    check(post?.plan.seed === seed, 'bytes', () => `checksum of an unknown post ${id}`);
    check(!post!.hasChecksum, 'bytes', () => `second checksum of post ${id}`);
    post!.hasChecksum = true;
    this.settle(post!);
  }

  private settle(post: Post): void {
    if (!post.hasData || !post.hasChecksum) return;
    this.say(MESSAGE.DONE, post.plan, post.receivedBytes);
    this.jobsDone += 1;
  }

  private say(kind: MessageKind, plan: RecordPlan, size: number): void {
    const { id, seed } = plan;
    this.stream.say({ kind, closeMode: this.mode, id, size, seed, paddingBytes: 0 });
  }
}
