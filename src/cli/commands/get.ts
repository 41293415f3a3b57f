/** `lftp get <address> [local]` */
import { resolve } from 'node:path';
import { EXIT, LftpError } from '../../service/error.ts';
import { componentFault, pathText } from '../../service/path.ts';
import type { RemotePath } from '../../service/path.ts';
import type { FileSink } from '../../service/file-ends.ts';
import { clientStateFolder } from '../../service/identity/data-folders.ts';
import type { FileAnswer } from '../../service/messages.ts';
import { CHUNK_BYTES } from '../../service/resume/chunks.ts';
import type { Download } from '../../service/resume/downloads-store.ts';
import { hasJournal, journalPathOf } from '../../service/resume/journal-path-store.ts';
import { createDownload, planLocalTarget } from '../../service/store-local.ts';
import type { LocalTarget } from '../../service/store-local.ts';
import { parseAddress } from '../address.ts';
import type { Address } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import { withConnection } from '../connection.ts';
import type { Flags } from '../flag-values.ts';
import { personAtTerminal } from '../person.ts';
import { refuseStrictTree, remoteName } from '../resumable.ts';
import { NEWS_BYTES, withRetries } from '../retry.ts';
import { openStdout, StdoutSink } from '../stdio.ts';
import { firstOfGet, runGet } from '../transfer.ts';
import type { GetJob } from '../transfer.ts';

export async function get(context: CommandContext): Promise<number> {
  const { operands, flags, output, interrupts } = context;
  const [addressText = '', local] = operands;
  const address = parseAddress(addressText);
  refuseStrictTree(flags);
  if (flags.recursive) return await (await import('./get-tree.ts')).getTree(context);
  const onError = (error: Error): void => interrupts.onOutputError(error);
  const job = await planGet(address, local, flags, onError, remoteName(address));
  const { signal } = interrupts;
  const person = personAtTerminal(interrupts);
  const dialing = { target: address, flags, output, person, remembered: {} };
  const nowMs = (): number => performance.now();
  const { retryTimeMs } = job.local === '-' ? { retryTimeMs: 0 } : flags;
  await withRetries({ output, signal, retryTimeMs, nowMs }, async (watch) => {
    const held = await job.findHeld?.();
    const first = firstOfGet(job, held);
    await withConnection(dialing, signal, first, async (session, startedMs) => {
      watch.onOpen();
      try {
        await runGet({ session, flags, output, signal, startedMs }, job, held);
      } finally {
        if (session.channel.stats().bytesDelivered > NEWS_BYTES) watch.onBytes();
      }
    });
  });
  return EXIT.OK;
}

/**
 * Decides where the file goes, from what was typed here and nothing else.
 * @param onStdoutError called when standard output carries the file and fails
 * @param remote the same file again, for what an earlier try left; absent: nothing is kept
 * @throws LftpError 10, 14, 18
 */
export async function planGet(
  { path, isFolder }: Pick<Address, 'path' | 'isFolder'>,
  local: string | undefined,
  flags: Flags,
  onStdoutError: (error: Error) => void,
  remote?: string,
): Promise<GetJob> {
  const name = path.at(-1);
  if (isFolder || name === undefined) {
    throw new LftpError(EXIT.REFUSED, 'local', 'it names a folder, and only files are fetched', {
      path: pathText(path),
      hint: 'Name a file, without a slash at its end, or fetch all of it with -r.',
    });
  }
  if (local === '-') {
    const openSink = () => Promise.resolve(new StdoutSink(openStdout(onStdoutError)));
    return { path, local: '-', openSink };
  }
  const fault = componentFault(name);
  if (fault !== undefined) throw noSuchNameError(path, fault);
  const { overwrite, preserve } = flags;
  const target = await planLocalTarget(local, name, overwrite);
  if (remote === undefined || flags.resume === 'never') {
    const openSink = (file: FileAnswer): Promise<FileSink> =>
      createDownload(target, file, overwrite, preserve);
    return { path, local: target.path, openSink };
  }
  return resumableGet({ path, target, remote, flags });
}

interface ResumableGet {
  readonly path: RemotePath;
  readonly target: LocalTarget;
  readonly remote: string;
  readonly flags: Flags;
}

/** Most files are small and nobody fetched them before: for these nothing more is loaded. */
function resumableGet({ path, target, remote, flags }: ResumableGet): GetJob {
  const { overwrite, preserve, resume } = flags;
  const environment = process.env;
  const journal = journalPathOf(
    clientStateFolder(environment),
    'get',
    remote,
    resolve(target.path),
  );
  const download = async (): Promise<Download> => {
    const loaded = await import('../../service/resume/downloads-store.ts');
    const nowMs = Date.now;
    return new loaded.Download({ target, remote, overwrite, preserve, environment, nowMs });
  };
  return {
    path,
    local: target.path,
    isStrict: resume === 'strict',
    openSink: async (file) =>
      file.size <= CHUNK_BYTES
        ? await createDownload(target, file, overwrite, preserve)
        : await (await download()).open(file),
    findHeld: async () => (hasJournal(journal) ? await (await download()).held() : undefined),
  };
}

export function noSuchNameError(path: RemotePath, fault: string): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', `no file can be called that here: ${fault}`, {
    path: pathText(path),
    hint: 'Name a file, without . or .. at its end.',
  });
}
