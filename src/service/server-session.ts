/**
 * One client's session on the server: its requests, handled one after the other.
 *
 * Requests may be pipelined. Files flow in request order, which is the order of the `dat` records;
 * `status`, `count` and `cancel` are handled as they come (P-SVC-11). Nothing a client does ends
 * anything but its own session.
 */
import { UnannouncedData } from '../io/channel-errors.ts';
import { ERROR } from '../wire/codes.ts';
import { asError, errorText, EXIT, LftpError } from './error.ts';
import { SESSION_MAX_REQUESTS } from './limits.ts';
import type { ServiceLog } from './log.ts';
import { decodeClientMessage, encodeMessage } from './messages.ts';
import type {
  Answer,
  ClientMessage,
  GetRequest,
  GetTreeRequest,
  PostRequest,
  PostTreeRequest,
} from './messages.ts';
import { Listings } from './operations/listing-store.ts';
import { OperationJob } from './operations/operation-job.ts';
import type { OperationRequest } from './operations/operation-types.ts';
import { SendJob } from './server-get.ts';
import type { JobContext, SessionJob } from './server-jobs.ts';
import { ReceiveJob } from './server-post.ts';
import type { Store } from './store.ts';
import { closeReasonOf } from './transfer-channel.ts';
import type { TransferChannel } from './transfer-channel.ts';
import { ReceiveTreeJob, SendTreeJob } from './tree/tree-jobs.ts';

export interface SessionContext {
  readonly store: Store;
  /** Who the client is here. */
  readonly account: string;
  /** Tokens for further connections of this client. */
  readonly makeTokens: (count: number, publicKey: Uint8Array) => readonly Uint8Array[];
  readonly log: ServiceLog;
  readonly version: string;
  /** Clients connected now. */
  readonly clientCount: () => number;
  readonly uptimeSeconds: () => number;
}

type JobRequest = GetRequest | PostRequest | GetTreeRequest | PostTreeRequest | OperationRequest;

export class ServerSession {
  private readonly channel: TransferChannel;
  private readonly context: SessionContext;
  private readonly jobs = new Map<number, SessionJob>();
  private readonly listings = new Listings();
  private lastSend: SendJob | SendTreeJob | undefined;
  /** Uploads asked for so far, each of which one `dat` record belongs to. */
  private announcedUploads = 0;
  private tail = Promise.resolve();
  /** A failure that no answer tells: it ends the session. */
  private failure: Error | undefined;

  constructor(channel: TransferChannel, context: SessionContext) {
    this.channel = channel;
    this.context = context;
  }

  /**
   * Serves until the client leaves or the connection ends; never rejects.
   * @param early requests that came while the client logged in
   */
  async run(early: readonly Uint8Array[] = []): Promise<void> {
    try {
      for (const bytes of early) await this.handle(bytes);
      for (;;) {
        const bytes = await this.nextMessage();
        if (bytes === undefined) break;
        await this.handle(bytes);
      }
      // No further digest can come; files that are asked for still go out.
      for (const job of this.jobs.values()) if (job.takesRecord) job.cancel();
      await this.tail;
      await this.nextMessage();
      this.channel.finish();
    } catch (error) {
      this.end(error);
    }
    for (const job of this.jobs.values()) job.cancel();
    await this.tail;
  }

  /** A file that no request announced would lie in memory for as long as the session (P-SVC-20). */
  private async nextMessage(): Promise<Uint8Array | undefined> {
    try {
      return await this.channel.nextMessage(this.announcedUploads);
    } catch (error) {
      if (!(error instanceof UnannouncedData)) throw error;
      throw new LftpError(EXIT.PROTOCOL, 'remote', 'not understood: a file that was not announced');
    }
  }

  private async handle(bytes: Uint8Array): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    const decoded = decodeClientMessage(bytes);
    if (decoded.ok) {
      await this.dispatch(decoded.message);
      return;
    }
    const message = `not understood: ${decoded.fault}`;
    if (decoded.id !== undefined) {
      await this.answer({ kind: 'error', re: decoded.id, error: EXIT.PROTOCOL, message });
      return;
    }
    throw new LftpError(EXIT.PROTOCOL, 'remote', message);
  }

  private async dispatch(message: ClientMessage): Promise<void> {
    switch (message.op) {
      case 'digest':
        this.jobs.get(message.id)?.giveDigest(message.digest);
        return;
      case 'want':
        this.jobs.get(message.id)?.giveWant?.(message.ranges);
        return;
      case 'cancel':
        this.jobs.get(message.id)?.cancel();
        return;
      case 'status':
        await this.answerStatus(message.id);
        return;
      case 'ping':
        await this.answer({ kind: 'done', re: message.id });
        return;
      case 'whoami':
        await this.answerIdentity(message.id);
        return;
      case 'count':
        await this.answerCount(message.id);
        return;
      case 'tokens':
        await this.answerTokens(message.id, message.count);
        return;
      case 'proof':
        throw new LftpError(EXIT.PROTOCOL, 'remote', 'not understood: nobody asked for a proof');
      default:
        this.enqueue(message);
    }
  }

  private enqueue(request: JobRequest): void {
    // P-SVC-03: of two requests with one number nobody could tell the answers apart.
    if (this.jobs.has(request.id)) {
      throw new LftpError(EXIT.PROTOCOL, 'remote', 'not understood: a number used twice');
    }
    // P-SVC-04: what waits costs memory, and no client needs more at once.
    if (this.jobs.size >= SESSION_MAX_REQUESTS) {
      throw new LftpError(EXIT.BUSY, 'remote', 'too many requests at once in one session');
    }
    const { channel } = this;
    const { store, log } = this.context;
    const context: JobContext = { channel, store, log, answer: (answer) => this.answer(answer) };
    const job = jobFor(context, request, this.listings);
    this.jobs.set(request.id, job);
    if (job.takesRecord) this.announcedUploads += 1;
    this.tail = this.tail.then(() => this.runJob(request.id, job));
  }

  private async runJob(id: number, job: SessionJob): Promise<void> {
    try {
      if (job instanceof SendJob || job instanceof SendTreeJob) this.lastSend = job;
      if (!this.channel.isClosed) await job.run();
    } catch (error) {
      this.end(error);
    } finally {
      this.jobs.delete(id);
    }
  }

  private async answerStatus(re: number): Promise<void> {
    const { clientCount, uptimeSeconds, version, store } = this.context;
    await this.answer({
      kind: 'status',
      re,
      clients: clientCount(),
      uptimeSeconds: uptimeSeconds(),
      version,
      access: store.access,
    });
  }

  private async answerIdentity(re: number): Promise<void> {
    const { account, store } = this.context;
    await this.answer({ kind: 'whoami', re, account, access: store.access });
  }

  /** Without a key of the client nobody could tell later whose token it was. */
  private async answerTokens(re: number, count: number): Promise<void> {
    const publicKey = this.channel.identity?.publicKey;
    const tokens = publicKey === undefined ? [] : this.context.makeTokens(count, publicKey);
    await this.answer({ kind: 'tokens', re, tokens });
  }

  private async answerCount(re: number): Promise<void> {
    const counts = this.lastSend?.counts();
    if (counts !== undefined) {
      await this.answer({ kind: 'count', re, ...counts });
      return;
    }
    const message = 'nothing was sent in this session';
    await this.answer({ kind: 'error', re, error: EXIT.MISSING, message });
  }

  private async answer(answer: Answer): Promise<void> {
    await this.channel.sendMessage(encodeMessage(answer));
  }

  /** Ends the session because of `error`, which is told to the client where it still listens. */
  private end(error: unknown): void {
    this.failure ??= asError(error);
    if (this.channel.isClosed) return;
    if (closeReasonOf(error) === undefined) {
      const { address, port } = this.channel.peer;
      this.context.log.warn({ address, port, error: errorText(error) }, 'session ended');
    }
    this.channel.abort(error instanceof LftpError ? error.code : ERROR.OTHER);
  }
}

function jobFor(context: JobContext, request: JobRequest, listings: Listings): SessionJob {
  switch (request.op) {
    case 'get':
      return new SendJob(context, request);
    case 'post':
      return new ReceiveJob(context, request);
    case 'getTree':
      return new SendTreeJob(context, request);
    case 'postTree':
      return new ReceiveTreeJob(context, request);
    default:
      return new OperationJob(context, request, listings);
  }
}
