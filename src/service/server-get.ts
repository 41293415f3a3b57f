/** What a server session does for a `get`. */
import type { LftpError } from './error.ts';
import { earlyEndCode, sendFile } from './file-sender.ts';
import type { PartOfFile } from './file-sender.ts';
import { MAX_CHUNKS_COMPARED } from './limits.ts';
import type { GetRequest, SegmentCounts } from './messages.ts';
import { encodeMessage } from './messages.ts';
import { pathText } from './path.ts';
import { areRanges, chunkCount, recordRanges } from './resume/chunks.ts';
import { tellChunks } from './resume/tell-chunks.ts';
import {
  answerFor,
  badRangesError,
  cancelled,
  isClosing,
  pathError,
  reportTransfer,
} from './server-jobs.ts';
import type { JobContext, SessionJob } from './server-jobs.ts';
import type { OpenFile } from './store-source.ts';
import { deferred } from './turns.ts';

/** Serves one `get`: answer, record, digest; or one answer that says why not (P-SVC-07). */
export class SendJob implements SessionJob {
  readonly takesRecord = false;
  private readonly context: JobContext;
  private readonly request: GetRequest;
  private readonly fault: LftpError | undefined;
  private readonly shownPath: string;
  private readonly abort = new AbortController();
  private readonly want = deferred<readonly number[]>();
  private sentBefore = 0;
  private retransmittedBefore = 0;

  constructor(context: JobContext, request: GetRequest) {
    this.context = context;
    this.fault = pathError(request.path);
    this.shownPath = pathText(request.path);
    this.request = this.fault === undefined ? request : { ...request, path: [] };
  }

  /** Ends the record early, or keeps it from beginning (P-SVC-12). */
  cancel(): void {
    this.abort.abort(cancelled());
    this.want.reject(cancelled());
  }

  giveWant(ranges: readonly number[]): void {
    this.want.resolve(ranges);
  }

  giveDigest(): void {
    // A client has no digest to tell about what it gets.
  }

  /** Segments of this session since the job began (P-SVC-16). */
  counts(): SegmentCounts {
    const { segmentsSent, segmentsRetransmitted, controller } = this.context.channel.stats();
    return {
      sent: segmentsSent - this.sentBefore,
      retransmitted: segmentsRetransmitted - this.retransmittedBefore,
      controller,
    };
  }

  /** What was sent before is not this job's. */
  beginCounts(): void {
    const stats = this.context.channel.stats();
    this.sentBefore = stats.segmentsSent;
    this.retransmittedBefore = stats.segmentsRetransmitted;
  }

  async run(): Promise<void> {
    const { context, request } = this;
    this.beginCounts();
    let file: OpenFile;
    try {
      this.abort.signal.throwIfAborted();
      if (this.fault !== undefined) throw this.fault;
      file = await context.store.openForRead(request.path);
    } catch (error) {
      this.report(error, 0);
      await context.answer(answerFor(request.id, error));
      return;
    }
    try {
      await this.send(file);
    } finally {
      await file.close();
    }
  }

  private async send(file: OpenFile): Promise<void> {
    const { channel } = this.context;
    const { id } = this.request;
    const { sizeBytes, mtimeMs, mode } = file;
    const have = chunksInCommon(this.request, file);
    const told = have === 0 ? undefined : have;
    await this.context.answer({ kind: 'file', re: id, size: sizeBytes, mtimeMs, mode, have: told });
    try {
      const { signal } = this.abort;
      const part = have === 0 ? undefined : await this.compare(file, have);
      const { digest } = await sendFile(channel, file, signal, part);
      await channel.sendMessage(encodeMessage({ op: 'digest', id, digest, counts: this.counts() }));
      this.report(undefined, sizeBytes);
    } catch (error) {
      // The record's early end has told the client already.
      this.report(error, sizeBytes);
      if (isClosing(error)) throw error;
    }
  }

  /** Tells what the first chunks are, and hears which of them are missing (P-RES-03). */
  private async compare(file: OpenFile, have: number): Promise<PartOfFile> {
    const { channel } = this.context;
    const { sizeBytes } = file;
    try {
      const reading = { file, count: have, sizeBytes, signal: this.abort.signal };
      const before = await tellChunks(channel, this.request.id, reading);
      const ranges = await this.want.promise;
      if (!areRanges(ranges, have)) throw badRangesError();
      return { ranges: recordRanges(ranges, have, sizeBytes), before };
    } catch (error) {
      // The record was announced, and others may stand behind it. Whoever waits for digests of
      // chunks does not look at the record.
      if (!channel.isClosed) channel.endData(earlyEndCode(error));
      await this.context.answer(answerFor(this.request.id, error));
      throw error;
    }
  }

  private report(error: unknown, bytes: number): void {
    reportTransfer(this.context, 'get', this.shownPath, bytes, error);
  }
}

/** How many chunks the client of a `get` may hold of `file` (P-RES-01). */
function chunksInCommon({ have = 0, ofSize, ofMtimeMs }: GetRequest, file: OpenFile): number {
  const { sizeBytes, mtimeMs } = file;
  const isOther = (ofSize ?? sizeBytes) !== sizeBytes || (ofMtimeMs ?? mtimeMs) !== mtimeMs;
  return isOther ? 0 : Math.min(have, chunkCount(sizeBytes), MAX_CHUNKS_COMPARED);
}
