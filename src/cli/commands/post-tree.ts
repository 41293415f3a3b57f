/** `lftp post -r <local> <address>`: loaded when it is asked for. */
import { basename, resolve } from 'node:path';
import { openLocalTree } from '../../service/tree/tree-local-store.ts';
import { parseAddress } from '../address.ts';
import type { Address } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import { withConnection } from '../connection.ts';
import { personAtTerminal } from '../person.ts';
import { firstOfPostTree, runPostTree } from '../tree-transfer.ts';
import type { PostTreeJob } from '../tree-transfer.ts';
import { UsageError } from '../usage-error.ts';

/** Undefined: it is a file, to be sent like one. */
export async function postTree(context: CommandContext): Promise<number | undefined> {
  const { operands, flags, output, interrupts } = context;
  const [local = '', addressText = ''] = operands;
  const address = parseAddress(addressText);
  const job = await planPostTree(local, address);
  if (job === undefined) return undefined;
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
