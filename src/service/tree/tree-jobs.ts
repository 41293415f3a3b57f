/** What a server session does for one request that moves a whole tree. */
import { ERROR } from '../../wire/codes.ts';
import { answerFor, isClosing, nameError, pathError, reportTransfer } from '../server-jobs.ts';
import { SendJob } from '../server-get.ts';
import type { JobContext, SessionJob } from '../server-jobs.ts';
import type { LftpError } from '../error.ts';
import { drainRecord } from '../file-receiver.ts';
import type { GetTreeRequest, PostTreeRequest, SegmentCounts } from '../message-types.ts';
import { pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { StoredReports } from './stored-reports.ts';
import type { TreeMember } from './file-intake.ts';
import { TreeReceiver } from './tree-receiver.ts';
import { sendTree } from './tree-sender.ts';
import type { SourceTree, TargetTree } from './tree-served-store.ts';

/** Serves one `getTree`: answer and record, or one answer that says why not (P-TREE-01). */
export class SendTreeJob implements SessionJob {
  readonly takesRecord = false;
  private readonly context: JobContext;
  private readonly request: GetTreeRequest;
  private readonly fault: LftpError | undefined;
  private readonly shownPath: string;
  private readonly abort = new AbortController();
  /** A file that was asked for like a tree. */
  private file: SendJob;

  constructor(context: JobContext, request: GetTreeRequest) {
    this.context = context;
    this.fault = pathError(request.path);
    this.shownPath = pathText(request.path);
    this.request = this.fault === undefined ? request : { ...request, path: [] };
    this.file = new SendJob(context, { op: 'get', id: request.id, path: this.request.path });
  }

  cancel(): void {
    this.abort.abort(new Error('the client cancelled it'));
    this.file.cancel();
  }

  giveDigest(): void {
    // A client has no digest to tell about what it gets.
  }

  counts(): SegmentCounts {
    return this.file.counts();
  }

  async run(): Promise<void> {
    const { context, request } = this;
    this.file.beginCounts();
    const release = this.tryHold();
    let tree: SourceTree | undefined;
    try {
      if (release instanceof Error) throw release;
      if (this.fault !== undefined) throw this.fault;
      tree = this.abort.signal.aborted ? undefined : await context.store.openTree(request.path);
      if (tree === undefined) {
        await this.file.run();
        return;
      }
    } catch (error) {
      if (isClosing(error)) throw error;
      reportTransfer(context, 'get -r', this.shownPath, 0, error);
      await context.answer(answerFor(request.id, error));
      return;
    } finally {
      if (tree === undefined && typeof release === 'function') release();
    }
    try {
      await this.send(tree);
    } finally {
      await tree.view.root.release();
      if (typeof release === 'function') release();
    }
  }

  private tryHold(): (() => void) | Error {
    try {
      return this.context.store.hold();
    } catch (error) {
      return error instanceof Error ? error : new Error('no room');
    }
  }

  private async send(tree: SourceTree): Promise<void> {
    const { context, shownPath } = this;
    await context.answer({ kind: 'tree', re: this.request.id, ...tree.times });
    let bytes = 0;
    try {
      const watch = {
        onEntry: (_: number, __: RemotePath, sizeBytes = 0) => {
          bytes += sizeBytes;
          return undefined;
        },
        onLeftOut: () => undefined,
        onFailed: () => undefined,
      };
      await sendTree(context.channel, tree.view, watch, this.abort.signal);
      reportTransfer(context, 'get -r', shownPath, bytes, undefined);
    } catch (error) {
      // The record's early end has told the client already.
      reportTransfer(context, 'get -r', shownPath, bytes, error);
      if (isClosing(error)) throw error;
    }
  }
}

/** Serves one `postTree`. Its record is read whatever becomes of it (P-TREE-09). */
export class ReceiveTreeJob implements SessionJob {
  readonly takesRecord = true;
  private readonly context: JobContext;
  private readonly request: PostTreeRequest;
  private readonly fault: LftpError | undefined;
  private readonly shownPath: string;

  constructor(context: JobContext, request: PostTreeRequest) {
    this.context = context;
    this.fault = pathError(request.path) ?? nameError(request.name);
    this.shownPath = pathText(request.path);
    this.request = this.fault === undefined ? request : { ...request, path: [], name: undefined };
  }

  cancel(): void {
    // The sender ends its record early, and nothing waits for anything else.
  }

  giveDigest(): void {
    // Each file of a tree has its own behind it.
  }

  async run(): Promise<void> {
    const { context, request } = this;
    let tree: TargetTree;
    let release: () => void = () => undefined;
    try {
      if (this.fault !== undefined) throw this.fault;
      release = context.store.hold();
      tree = await context.store.createTree(request);
    } catch (error) {
      release();
      reportTransfer(context, 'post -r', this.shownPath, 0, error);
      await context.answer(answerFor(request.id, error));
      await drainRecord(context.channel);
      return;
    }
    try {
      await context.answer({ kind: 'go', re: request.id });
      await this.receive(tree);
    } finally {
      await tree.place.root.release();
      release();
    }
  }

  private async receive({ place, path }: TargetTree): Promise<void> {
    const { context, request, shownPath } = this;
    const reports = new StoredReports(request.id, (answer) => context.answer(answer));
    let bytes = 0;
    const receiver = new TreeReceiver(context.channel, place, request, {
      nowMs: () => performance.now(),
      onStored: (members: readonly TreeMember[]) => {
        for (const { sizeBytes } of members) bytes += sizeBytes;
        reports.stored(members);
      },
      onFailed: (number, _, error) => reports.failed(number, error),
      // The client knows what it could not read, and what it left out.
      onSenderFailed: () => undefined,
      onLeftOut: () => undefined,
    });
    try {
      const code = await receiver.run();
      await reports.told();
      if (code === 0) await context.answer({ kind: 'finished', re: request.id, path });
      else {
        const message = 'the sender ended the tree early; what was told to be stored is';
        await context.answer({ kind: 'error', re: request.id, error: ERROR.CANCELLED, message });
      }
      reportTransfer(context, 'post -r', shownPath, bytes, undefined);
    } catch (error) {
      reportTransfer(context, 'post -r', shownPath, bytes, error);
      throw error;
    }
  }
}
