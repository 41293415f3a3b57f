/** A whole tree as a person sees it: what failed, by name, and a summary that counts all of it. */
import type { TransferResult } from '../service/client-get.ts';
import type { MakeRequest } from '../service/client-session.ts';
import { EXIT, LftpError } from '../service/error.ts';
import type { SegmentCounts } from '../service/messages.ts';
import { pathText } from '../service/path.ts';
import type { RemotePath } from '../service/path.ts';
import { displayText } from '../service/display.ts';
import { getTree, getTreeRequest } from '../service/tree/client-get-tree.ts';
import { postTree, postTreeRequest } from '../service/tree/client-post-tree.ts';
import type { PostTreeOffer } from '../service/tree/client-post-tree.ts';
import { LEFT_OUT } from '../service/tree/tree-entries.ts';
import { openLocalPlace } from '../service/tree/tree-local-store.ts';
import type { LocalRoot } from '../service/tree/tree-local-store.ts';
import type { SourceTree } from '../service/tree/tree-served-store.ts';
import { TreeTally } from '../service/tree/tree-tally.ts';
import type { TreeWatch } from '../service/tree/tree-tally.ts';
import type { Flags } from './flag-values.ts';
import type { Output } from './output.ts';
import { finalCounts, report, shareOf, watched } from './transfer.ts';
import type { GetJob, TransferContext } from './transfer.ts';
import { formatBytes, formatDuration, formatRate, formatShare } from './units.ts';

export interface GetTreeJob {
  readonly path: RemotePath;
  /** Where it goes if it is a folder. */
  readonly root: LocalRoot;
  /** Where it goes if it is a file. */
  readonly planFile: () => Promise<GetJob>;
}

export interface PostTreeJob {
  readonly path: RemotePath;
  readonly local: string;
  /** Name to take when `path` is there. */
  readonly name: string | undefined;
  readonly source: SourceTree;
}

/** What {@link runGetTree} begins with. */
export function firstOfGetTree({ path }: GetTreeJob): MakeRequest {
  return getTreeRequest(path);
}

/** What {@link runPostTree} begins with. */
export function firstOfPostTree(flags: Flags, job: PostTreeJob): MakeRequest {
  return postTreeRequest(offerOf(flags, job));
}

function offerOf({ overwrite, preserve: keep }: Flags, job: PostTreeJob): PostTreeOffer {
  const { path, name, source } = job;
  return { path, name, source, overwrite, keep };
}

/** @returns the exit code: 3 when a part failed or was left out. @throws LftpError */
export async function runGetTree(context: TransferContext, job: GetTreeJob): Promise<number> {
  const { session, signal, flags, output } = context;
  const { path, root } = job;
  const watch = watchOf(output, (inside) => `${root.path}/${inside.join('/')}`);
  return await watched(context, 'get', path, async (observer) => {
    const before = session.channel.stats().duplicatesReceived;
    let local = root.path;
    const result = await getTree(session, {
      path,
      signal,
      observer,
      watch,
      openPlace: () => openLocalPlace(root, flags.overwrite, flags.preserve),
      openSink: async (file) => {
        const fileJob = await job.planFile();
        local = fileJob.local;
        return await fileJob.openSink(file);
      },
    });
    const endedMs = performance.now();
    const duplicates = session.channel.stats().duplicatesReceived - before;
    const known = result instanceof TreeTally ? undefined : result.counts;
    const counts = await finalCounts(session, result.bytes, known);
    return () => {
      if (!(result instanceof TreeTally)) return reportFile(local, result);
      return reportTree(context, {
        op: 'get',
        path,
        local,
        tally: result,
        endedMs,
        counts,
        duplicates,
      });
    };
    function reportFile(name: string, file: TransferResult): number {
      report(context, 'get', name, { result: file, endedMs, counts, duplicates });
      return EXIT.OK;
    }
  });
}

/** @returns the exit code: 3 when a part failed or was left out. @throws LftpError */
export async function runPostTree(context: TransferContext, job: PostTreeJob): Promise<number> {
  const { session, signal, flags, output } = context;
  const { local } = job;
  const watch = watchOf(output, (inside) => `${local}/${inside.join('/')}`);
  return await watched(context, 'post', job.path, async (observer) => {
    const before = session.channel.stats();
    const { tally, path } = await postTree(session, {
      ...offerOf(flags, job),
      signal,
      observer,
      watch,
    });
    const endedMs = performance.now();
    const after = session.channel.stats();
    const counts: SegmentCounts = {
      sent: after.segmentsSent - before.segmentsSent,
      retransmitted: after.segmentsRetransmitted - before.segmentsRetransmitted,
      controller: after.controller,
    };
    return () =>
      reportTree(context, { op: 'post', path, local, tally, endedMs, counts, duplicates: null });
  });
}

/** Each failure is an error of its own, and the rest goes on. */
function watchOf(output: Output, shownPath: (inside: RemotePath) => string): TreeWatch {
  return {
    onLeftOut: (inside, why) => {
      const what = why === LEFT_OUT.LINK ? 'a symbolic link' : 'not a regular file';
      output.detail(`${displayText(shownPath(inside))}: left out, ${what}`);
    },
    onFailed: (inside, { code, where, message, hint }) => {
      output.error(new LftpError(code, where, message, { path: shownPath(inside), hint }));
    },
  };
}

interface FinishedTree {
  readonly op: 'get' | 'post';
  readonly path: RemotePath;
  readonly local: string;
  readonly tally: TreeTally;
  readonly endedMs: number;
  readonly counts: SegmentCounts | undefined;
  /** Segments that came twice; only the receiver sees them. */
  readonly duplicates: number | null;
}

function reportTree(context: TransferContext, finished: FinishedTree): number {
  const { op, local, tally, counts, duplicates } = finished;
  const { files, folders, bytes, leftOut: skipped, failed } = tally;
  const seconds = (finished.endedMs - context.startedMs) / 1000;
  const share = counts === undefined ? 0 : shareOf(counts);
  const path = pathText(finished.path);
  context.output.event('done', {
    op,
    path,
    local,
    bytes,
    seconds: Number(seconds.toFixed(6)),
    digest: null,
    files,
    folders,
    skipped,
    failed,
    goodputMbps: Number(((bytes * 8) / seconds / 1e6).toFixed(3)),
    retransmittedShare: Number(share.toFixed(6)),
    duplicates,
    controller: counts?.controller ?? null,
  });
  const names = [path, displayText(local)];
  const [from, to] = op === 'get' ? names : names.reverse();
  const rate = formatRate(bytes / seconds);
  const size = `${formatBytes(bytes)} in ${formatDuration(seconds * 1000)}, ${rate}`;
  context.output.say(`${op} -r ${from} -> ${to}: ${size}, ${formatShare(share)} retransmitted`);
  context.output.say(`${files} files, ${folders} folders, ${skipped} skipped, ${failed} failed`);
  return tally.isPartial ? EXIT.SOME_FAILED : EXIT.OK;
}
