/** What a server session does for one request about a name: one answer, nothing else. */
import { ERROR } from '../../wire/codes.ts';
import { errorText, LftpError } from '../error.ts';
import { pathText } from '../path.ts';
import { answerFor, pathError } from '../server-jobs.ts';
import type { JobContext, SessionJob } from '../server-jobs.ts';
import {
  checksumOf,
  chmodEntry,
  deleteEntry,
  makeFolder,
  removeFolder,
  spaceOf,
  statEntry,
  touchEntry,
} from './entries-store.ts';
import type { Listings } from './listing-store.ts';
import type { OperationAnswer, OperationRequest } from './operation-types.ts';
import { renameEntry } from './rename-store.ts';

/** Requests that change nothing: what they find is no news for a log. */
const LOOKS: readonly string[] = ['list', 'stat', 'space'];

/** Waits for its turn like a file, so that what was asked for first is done first (P-OP-01). */
export class OperationJob implements SessionJob {
  readonly takesRecord = false;
  private readonly context: JobContext;
  private readonly request: OperationRequest;
  private readonly listings: Listings;
  private readonly fault: LftpError | undefined;
  private readonly shownPath: string;
  private readonly abort = new AbortController();

  constructor(context: JobContext, request: OperationRequest, listings: Listings) {
    this.context = context;
    this.listings = listings;
    this.fault = pathError(request.path) ?? ('to' in request ? pathError(request.to) : undefined);
    this.shownPath = pathText(request.path);
    const none = 'to' in request ? { ...request, path: [], to: [] } : { ...request, path: [] };
    this.request = this.fault === undefined ? request : none;
  }

  cancel(): void {
    this.abort.abort(new LftpError(ERROR.CANCELLED, 'remote', 'the client cancelled it'));
  }

  giveDigest(): void {
    // No file belongs to it.
  }

  async run(): Promise<void> {
    const { context, request } = this;
    let answer: OperationAnswer;
    try {
      this.abort.signal.throwIfAborted();
      if (this.fault !== undefined) throw this.fault;
      answer = await this.perform();
      this.report(undefined);
    } catch (error) {
      this.report(error);
      await context.answer(answerFor(request.id, error));
      return;
    }
    await context.answer(answer);
  }

  private async perform(): Promise<OperationAnswer> {
    const { request } = this;
    const { store } = this.context;
    const { path, id: re } = request;
    switch (request.op) {
      case 'list':
        return await this.listings.page(store, request);
      case 'stat':
        return { kind: 'entry', re, entry: await statEntry(store, path) };
      case 'checksum':
        return { kind: 'checksum', re, ...(await checksumOf(store, path, this.abort.signal)) };
      case 'space':
        return { kind: 'space', re, ...(await spaceOf(store, path)) };
      case 'mkdir':
        await makeFolder(store, path, request.parents);
        break;
      case 'rmdir':
        await removeFolder(store, path);
        break;
      case 'rename':
        await renameEntry(store, request);
        break;
      case 'delete':
        await deleteEntry(store, path);
        break;
      case 'touch':
        await touchEntry(store, path, request.mtimeMs);
        break;
      case 'chmod':
        await chmodEntry(store, path, request.mode);
        break;
    }
    return { kind: 'done', re };
  }

  private report(error: unknown): void {
    const { op } = this.request;
    if (LOOKS.includes(op)) return;
    const { log, channel } = this.context;
    const { address, port } = channel.peer;
    const fields = { op, path: this.shownPath, address, port };
    if (error === undefined) log.info(fields, `${op} done`);
    else log.warn({ ...fields, error: errorText(error) }, `${op} failed`);
  }
}
