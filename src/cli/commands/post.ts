/** `lftp post <local> <address>`, also `put`. */
import { basename } from 'node:path';
import { EXIT } from '../../service/error.ts';
import { openLocalFile } from '../../service/store-local.ts';
import { parseAddress } from '../address.ts';
import type { Address } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import { withConnection } from '../connection.ts';
import { StdinSource } from '../stdio.ts';
import { firstOfPost, runPost } from '../transfer.ts';
import type { PostJob } from '../transfer.ts';
import { personAtTerminal } from '../person.ts';
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
  if (flags.recursive) {
    const code = await (await import('./post-tree.ts')).postTree(context);
    if (code !== undefined) return code;
  }
  const job = await planPost(local, address);
  const { signal } = interrupts;
  const person = personAtTerminal(interrupts);
  const dialing = { target: address, flags, output, person };
  try {
    const first = firstOfPost(flags, job);
    await withConnection(dialing, signal, first, (session, startedMs) =>
      runPost({ session, flags, output, signal, startedMs }, job),
    );
    return EXIT.OK;
  } finally {
    await job.source.close();
  }
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
