/** `lftp post <local> <address>`, also `put`. */
import { basename, resolve } from 'node:path';
import { EXIT } from '../../service/error.ts';
import { openLocalFile } from '../../service/store-local.ts';
import { openLocalTree } from '../../service/tree/tree-local-store.ts';
import { parseAddress } from '../address.ts';
import type { Address } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import { withConnection } from '../connection.ts';
import { StdinSource } from '../stdio.ts';
import { firstOfPost, runPost } from '../transfer.ts';
import type { PostJob } from '../transfer.ts';
import { personAtTerminal } from '../person.ts';
import { firstOfPostTree, runPostTree } from '../tree-transfer.ts';
import type { PostTreeJob } from '../tree-transfer.ts';
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
    const tree = await planPostTree(local, address);
    if (tree !== undefined) return await postRecursively(context, address, tree);
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

async function postRecursively(
  { flags, output, interrupts }: CommandContext,
  address: Address,
  job: PostTreeJob,
): Promise<number> {
  const { signal } = interrupts;
  const dialing = { target: address, flags, output, person: personAtTerminal(interrupts) };
  try {
    const first = firstOfPostTree(flags, job);
    return await withConnection(dialing, signal, first, (session, startedMs) =>
      runPostTree({ session, flags, output, signal, startedMs }, job),
    );
  } finally {
    await job.source.view.root.release();
  }
}

/**
 * Opens the local folder; the caller releases it. Undefined: a file is there.
 * @throws LftpError 2, 14
 */
export async function planPostTree(
  local: string,
  { path, isFolder }: Pick<Address, 'path' | 'isFolder'>,
): Promise<PostTreeJob | undefined> {
  if (local === '-') {
    throw new UsageError('standard input is no tree', 'Leave out -r, or name a local folder.');
  }
  const source = await openLocalTree(local);
  if (source === undefined) return undefined;
  // What ends in a dot means what is in the folder, as it does for cp.
  const isContent = basename(local) === '.';
  const name = isContent ? undefined : basename(resolve(local)) || undefined;
  if (isFolder && name !== undefined && path.length > 0) {
    return { path: [...path, name], local, name: undefined, source };
  }
  return { path, local, name, source };
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
