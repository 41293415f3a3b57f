/** One transfer as a person sees it: progress on the way, a `done` event and a summary line. */
import { getFile, getRequest } from '../service/client-get.ts';
import type { TransferResult } from '../service/client-get.ts';
import { postFile, postRequest } from '../service/client-post.ts';
import type { PostOffer } from '../service/client-post.ts';
import type { ClientSession, MakeRequest } from '../service/client-session.ts';
import { EXIT, LftpError } from '../service/error.ts';
import type { FileSink, FileSource } from '../service/file-ends.ts';
import { COUNT_REQUEST_BYTES, COUNT_REQUEST_MS } from '../service/limits.ts';
import type { FileAnswer, SegmentCounts } from '../service/messages.ts';
import { pathText } from '../service/path.ts';
import type { RemotePath } from '../service/path.ts';
import type { HeldFile } from '../service/resume/client-held.ts';
import { displayText } from '../service/display.ts';
import type { Flags } from './flag-values.ts';
import type { Output } from './output.ts';
import { Progress } from './progress.ts';
import { TransferMeter } from './transfer-meter.ts';
import { formatBytes, formatDuration, formatRate, formatShare } from './units.ts';

export interface TransferContext {
  readonly session: ClientSession;
  readonly flags: Flags;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** `performance.now` when the first datagram for this transfer left. */
  readonly startedMs: number;
}

export interface GetJob {
  readonly path: RemotePath;
  /** What is told as the local name. */
  readonly local: string;
  readonly openSink: (file: FileAnswer) => Promise<FileSink>;
  /** What an earlier attempt left, looked for before each one. Absent: nothing is looked for. */
  readonly findHeld?: (() => Promise<HeldFile | undefined>) | undefined;
  /** A source that changed ends the transfer instead of beginning it anew. */
  readonly isStrict?: boolean | undefined;
}

export interface PostJob {
  readonly path: RemotePath;
  readonly local: string;
  /** Name to take when `path` is a folder. */
  readonly name: string | undefined;
  readonly source: FileSource;
  /** Names the transfer, so that it can be gone on with. */
  readonly transfer?: PostOffer['transfer'];
  /** True: what comes goes behind what is there. */
  readonly isAppended?: boolean;
}

/** What {@link runGet} begins with: it can leave while the connection still opens. */
export function firstOfGet({ path }: GetJob, held?: HeldFile): MakeRequest {
  return getRequest(path, held);
}

/** What {@link runPost} begins with. */
export function firstOfPost(flags: Flags, job: PostJob): MakeRequest {
  return postRequest(offerOf(flags, job));
}

function offerOf({ overwrite, preserve: keep }: Flags, job: PostJob): PostOffer {
  const { path, name, source, transfer, isAppended = false } = job;
  return { path, name, source, overwrite: isAppended ? 'append' : overwrite, keep, transfer };
}

/** @throws LftpError */
export async function runGet(
  context: TransferContext,
  job: GetJob,
  held?: HeldFile,
): Promise<void> {
  const { session, signal } = context;
  const { path, local, openSink } = job;
  const onChanged = (): void => tellChanged(context.output, job);
  await watched(context, 'get', path, async (observer) => {
    const before = session.channel.stats().duplicatesReceived;
    const result = await getFile(session, {
      path,
      openSink,
      signal,
      observer,
      held,
      onChanged,
    });
    const endedMs = performance.now();
    const duplicates = session.channel.stats().duplicatesReceived - before;
    const counts = await finalCounts(session, result.bytes, result.counts);
    return () => report(context, 'get', local, { result, endedMs, counts, duplicates });
  });
}

/** What is held is of an older file. @throws LftpError 16 for whoever wants to hear of that */
function tellChanged(output: Output, { path, isStrict }: GetJob): void {
  const text = 'the file changed since a part of it was fetched';
  if (isStrict === true) {
    throw new LftpError(EXIT.SOURCE_CHANGED, 'remote', text, {
      path: pathText(path),
      hint: 'Fetch it anew with --no-resume.',
    });
  }
  output.event('restart', { path: pathText(path), message: text });
  output.say(`${text}; fetching it anew`);
}

/** @throws LftpError */
export async function runPost(context: TransferContext, job: PostJob): Promise<void> {
  const { session, signal, flags } = context;
  const { path, local } = job;
  await watched(context, 'post', path, async (observer) => {
    const result = await postFile(session, { ...offerOf(flags, job), signal, observer });
    const { counts } = result;
    const endedMs = performance.now();
    return () => report(context, 'post', local, { result, endedMs, counts, duplicates: null });
  });
}

export interface Finished {
  readonly result: TransferResult;
  readonly endedMs: number;
  readonly counts: SegmentCounts | undefined;
  /** Segments that came twice; only the receiver sees them. */
  readonly duplicates: number | null;
}

/** Shows progress while `transfer` runs; what that answers with reports the end. */
export async function watched<T>(
  context: TransferContext,
  op: 'get' | 'post',
  path: RemotePath,
  transfer: (meter: TransferMeter) => Promise<() => T>,
): Promise<T> {
  const { session, output, flags } = context;
  const meter = new TransferMeter(op, session.channel, () => performance.now());
  const progress = new Progress(meter, pathText(path), flags.progress, output, process.stderr);
  let tell: () => T;
  try {
    tell = await transfer(meter);
  } finally {
    progress.stop();
  }
  return tell();
}

/**
 * Much of what a server sends leaves after it told its counts, so a large file is worth a
 * question. The file is verified and in place already: no failure here may touch that.
 */
export async function finalCounts(
  session: ClientSession,
  bytes: number,
  known: SegmentCounts | undefined,
): Promise<SegmentCounts | undefined> {
  if (bytes <= COUNT_REQUEST_BYTES) return known;
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), COUNT_REQUEST_MS);
  });
  const counts = await Promise.race([session.count().catch(() => undefined), limit]);
  clearTimeout(timer);
  return counts ?? known;
}

export function report(
  context: TransferContext,
  op: 'get' | 'post',
  local: string,
  finished: Finished,
): void {
  const { result, counts, duplicates } = finished;
  const { bytes, keptBytes = 0 } = result;
  const seconds = (finished.endedMs - context.startedMs) / 1000;
  const digest = `blake3:${Buffer.from(result.digest).toString('hex')}`;
  const share = counts === undefined ? 0 : shareOf(counts);
  const path = pathText(result.path);
  context.output.event('done', {
    op,
    path,
    local,
    bytes,
    keptBytes,
    seconds: Number(seconds.toFixed(6)),
    digest,
    goodputMbps: Number((((bytes - keptBytes) * 8) / seconds / 1e6).toFixed(3)),
    retransmittedShare: Number(share.toFixed(6)),
    duplicates,
    controller: counts?.controller ?? null,
  });
  const names = [path, displayText(local)];
  const [from, to] = op === 'get' ? names : names.reverse();
  const rate = formatRate((bytes - keptBytes) / seconds);
  const kept = keptBytes === 0 ? '' : ` (${formatBytes(keptBytes)} were here already)`;
  const size = `${formatBytes(bytes)}${kept} in ${formatDuration(seconds * 1000)}, ${rate}`;
  context.output.say(`${op} ${from} -> ${to}: ${size}, ${formatShare(share)} retransmitted`);
  context.output.say(digest);
}

export function shareOf({ sent, retransmitted }: SegmentCounts): number {
  return sent === 0 ? 0 : retransmitted / sent;
}
