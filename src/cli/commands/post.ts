/** `lftp post <local> <address>`, also `put`. */
import { basename, resolve } from 'node:path';
import { EXIT, LftpError } from '../../service/error.ts';
import { CHUNK_BYTES } from '../../service/resume/chunks.ts';
import { openLocalFile } from '../../service/store-local.ts';
import { parseAddress } from '../address.ts';
import type { Address } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import { withConnection } from '../connection.ts';
import type { Output } from '../output.ts';
import { NEWS_BYTES, withRetries } from '../retry.ts';
import { StdinSource } from '../stdio.ts';
import { firstOfPost, runPost } from '../transfer.ts';
import type { PostJob } from '../transfer.ts';
import { personAtTerminal } from '../person.ts';
import { refuseStrictTree, remoteName } from '../resumable.ts';
import { UsageError } from '../usage-error.ts';

export async function post(context: CommandContext): Promise<number> {
  const { operands, flags, output, interrupts } = context;
  const [local = '', addressText = ''] = operands;
  const address = parseAddress(addressText);
  if (local === '-' && flags.isPasswordFromStdin) {
    throw new UsageError(
      'standard input cannot bring both the password and the file',
      'Hand the password over with --password-file, or name a file.',
    );
  }
  refuseStrictTree(flags);
  if (flags.recursive) {
    const code = await (await import('./post-tree.ts')).postTree(context);
    if (code !== undefined) return code;
  }
  const { signal } = interrupts;
  const person = personAtTerminal(interrupts);
  const dialing = { target: address, flags, output, person, remembered: {} };
  const nowMs = (): number => performance.now();
  const retryTimeMs = local === '-' ? 0 : flags.retryTimeMs;
  await withRetries({ output, signal, retryTimeMs, nowMs }, async (watch) => {
    // Opened anew each time: what ends a transfer closes its source.
    const planned = await planPost(local, address);
    try {
      const posting = await postingOf(context, local, address, planned);
      await posting.during(async (transfer) => {
        const job = { ...planned, transfer };
        const first = firstOfPost(flags, job);
        await withConnection(dialing, signal, first, async (session, startedMs) => {
          watch.onOpen();
          try {
            await runPost({ session, flags, output, signal, startedMs }, job);
          } finally {
            if (session.channel.stats().bytesAcknowledged > NEWS_BYTES) watch.onBytes();
          }
        });
      });
    } finally {
      await planned.source.close();
    }
  });
  return EXIT.OK;
}

/** What goes on around the attempts to send one file. */
interface Resumable {
  /** Runs `attempt`, and notes what becomes of the transfer. */
  during(attempt: (transfer: PostJob['transfer']) => Promise<void>): Promise<void>;
}

const UNRESUMABLE: Resumable = { during: (attempt) => attempt(undefined) };

/** @throws LftpError 16 when the file changed and somebody wants to hear of that */
async function postingOf(
  { flags, output, interrupts }: CommandContext,
  local: string,
  address: Address,
  { source }: PostJob,
): Promise<Resumable> {
  const isWorthIt = source.sizeBytes !== null && source.sizeBytes > CHUNK_BYTES;
  if (!isWorthIt || flags.resume === 'never') return UNRESUMABLE;
  const { Posting } = await import('../../service/resume/posting-store.ts');
  const plan = { remote: remoteName(address), local: resolve(local), environment: process.env };
  const posting = new Posting({ ...plan, nowMs: Date.now });
  const transfer = await posting.begin(source, () => {
    tellSourceChanged(output, local, flags.resume === 'strict');
  });
  if (transfer === undefined) return UNRESUMABLE;
  return {
    during: async (attempt) => {
      try {
        await attempt(transfer);
      } catch (error) {
        const isOver = error instanceof LftpError && !error.isTemporary;
        if (isOver && !interrupts.signal.aborted) await posting.finish();
        else await posting.leave();
        throw error;
      }
      await posting.finish();
    },
  };
}

/** @throws LftpError 16 */
function tellSourceChanged(output: Output, path: string, isStrict: boolean): void {
  const text = 'the file changed since a part of it was sent';
  if (isStrict) {
    throw new LftpError(EXIT.SOURCE_CHANGED, 'local', text, {
      path,
      hint: 'Send it anew with --no-resume.',
    });
  }
  output.event('restart', { path, message: text });
  output.say(`${text}; sending it anew`);
}

/**
 * Opens the local file; the caller closes it.
 * @throws LftpError 2, 10, 14
 */
export async function planPost(
  local: string,
  { path, isFolder }: Pick<Address, 'path' | 'isFolder'>,
): Promise<PostJob> {
  if (local === '-') {
    if (isFolder) {
      throw new UsageError(
        'standard input has no name of its own',
        'Give it one: host:port:path with a file name at the end.',
      );
    }
    return { path, local, name: undefined, source: new StdinSource(process.stdin) };
  }
  const source = await openLocalFile(local);
  const name = basename(local);
  // A slash at the end means "into that folder", also when nothing of that name is there.
  if (isFolder) return { path: [...path, name], local, name: undefined, source };
  return { path, local, name, source };
}
