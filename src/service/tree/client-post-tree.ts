/**
 * Sends a folder with all that is in it: one offer, one record, and answers that tell by ranges of
 * numbers what is stored. A file counts when the server has said so, and not before.
 */
import type { ClientSession, MakeRequest } from '../client-session.ts';
import type { Exchange } from '../exchanges.ts';
import { MAX_TREE_UNANSWERED } from '../limits.ts';
import type { OverwriteRule, StoredAnswer } from '../message-types.ts';
import { pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { brokenServer, remoteError, unexpectedAnswer } from '../remote-error.ts';
import type { TransferObserver } from '../transfer-observer.ts';
import { deferred } from '../turns.ts';
import type { Deferred } from '../turns.ts';
import { sendTree } from './tree-sender.ts';
import type { SourceTree } from './tree-served-store.ts';
import { TreeTally } from './tree-tally.ts';
import type { TreeWatch } from './tree-tally.ts';

export interface PostTreeOffer {
  readonly path: RemotePath;
  /** Name to take when `path` is there. */
  readonly name: string | undefined;
  readonly source: SourceTree;
  readonly overwrite: OverwriteRule;
  readonly keep: boolean;
}

export interface PostTreeOptions extends PostTreeOffer {
  readonly signal: AbortSignal;
  readonly observer: TransferObserver;
  readonly watch: TreeWatch;
}

export interface PostedTree {
  readonly tally: TreeTally;
  /** Where the tree is on the server. */
  readonly path: RemotePath;
}

/** What {@link postTree} begins with. */
export function postTreeRequest(offer: PostTreeOffer): MakeRequest {
  const { path, name, source, overwrite, keep } = offer;
  const { mtimeMs, mode } = source.times;
  return (id) => ({ op: 'postTree', id, path, name, overwrite, mtimeMs, mode, keep });
}

/** @throws LftpError when the whole fails; files that fail are told. The signal's reason */
export async function postTree(
  session: ClientSession,
  options: PostTreeOptions,
): Promise<PostedTree> {
  const { signal } = options;
  signal.throwIfAborted();
  options.observer.onPhase('request', null);
  const turn = session.outgoing.take();
  let exchange: Exchange | undefined;
  try {
    const unanswered = new Unanswered(new TreeTally(options.watch));
    exchange = await session.begin(postTreeRequest(options), (answer) => unanswered.take(answer));
    await turn.ready;
    return await send(session, exchange, unanswered, options);
  } catch (error) {
    throw signal.aborted ? signal.reason : await session.explain(error);
  } finally {
    exchange?.end();
    turn.done();
  }
}

async function send(
  session: ClientSession,
  exchange: Exchange,
  unanswered: Unanswered,
  options: PostTreeOptions,
): Promise<PostedTree> {
  const { path, source, observer, signal } = options;
  // The server's refusal stops the bytes, as the caller's own signal does.
  const refusal = new AbortController();
  const onEnd = (error: unknown): void => {
    refusal.abort(error);
    unanswered.giveUp();
  };
  exchange.last.then((answer) => onEnd(unexpectedAnswer(answer, pathText(path))), onEnd);
  await session.entered;
  observer.onPhase('data', null);
  const { tally } = unanswered;
  const watch = {
    onEntry: (number: number, inside: RemotePath, sizeBytes: number | undefined) =>
      unanswered.add(number, inside, sizeBytes),
    onBroken: (number: number) => unanswered.setBroken(number),
    onLeftOut: tally.leaveOut.bind(tally),
    onFailed: tally.fail.bind(tally),
  };
  const onAbort = (): void => unanswered.giveUp();
  signal.addEventListener('abort', onAbort);
  try {
    await sendTree(session.channel, source.view, watch, AbortSignal.any([signal, refusal.signal]));
  } catch (error) {
    // The server's answer to an early end closes the exchange, and the session goes on.
    await exchange.last.catch(() => undefined);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  observer.onPhase('verify', null);
  const answer = await exchange.last;
  if (answer.kind !== 'finished') throw unexpectedAnswer(answer, pathText(path));
  if (unanswered.size > 0) throw brokenServer('files of a tree that nobody answered');
  return { tally, path: answer.path };
}

interface Sent {
  readonly path: RemotePath;
  readonly sizeBytes: number;
  readonly isFolder: boolean;
  /** It was not sent whole, and that was told already. */
  isBroken: boolean;
}

/** What the server has not spoken of; the sender waits while that is much (P-TREE-08). */
export class Unanswered {
  readonly tally: TreeTally;
  private readonly sent = new Map<number, Sent>();
  private room: Deferred<undefined> | undefined;
  private isOver = false;

  constructor(tally: TreeTally) {
    this.tally = tally;
  }

  get size(): number {
    return this.sent.size;
  }

  /** @returns what to wait for before it is sent, if there is no room */
  add(number: number, path: RemotePath, sizeBytes: number | undefined): Promise<void> | undefined {
    const isFolder = sizeBytes === undefined;
    this.sent.set(number, { path, sizeBytes: sizeBytes ?? 0, isFolder, isBroken: false });
    if (this.sent.size < MAX_TREE_UNANSWERED || this.isOver) return undefined;
    this.room ??= deferred();
    return this.room.promise;
  }

  setBroken(number: number): void {
    const sent = this.sent.get(number);
    if (sent !== undefined) sent.isBroken = true;
  }

  /** Nobody will answer any more: nobody has to wait. */
  giveUp(): void {
    this.isOver = true;
    this.room?.resolve(undefined);
  }

  /** @throws LftpError 13 when the server speaks of what it was not sent */
  take({ ranges, failed }: StoredAnswer): void {
    for (let at = 0; at < ranges.length; at += 2) {
      const [first = 0, last = 0] = ranges.slice(at, at + 2);
      for (let number = first; number <= last; number += 1) {
        const { isFolder, sizeBytes } = this.settle(number);
        this.tally.store([{ kind: isFolder ? 'folder' : 'file', sizeBytes }]);
      }
    }
    for (const { number, error, message } of failed) {
      const { path, isBroken } = this.settle(number);
      if (!isBroken) this.tally.fail(path, remoteError(error, message));
    }
    if (this.sent.size >= MAX_TREE_UNANSWERED) return;
    this.room?.resolve(undefined);
    this.room = undefined;
  }

  private settle(number: number): Sent {
    const sent = this.sent.get(number);
    if (sent === undefined) throw brokenServer('an answer about a file that was not sent');
    this.sent.delete(number);
    return sent;
  }
}
