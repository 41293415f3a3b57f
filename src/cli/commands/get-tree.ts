/** `lftp get -r <address> [local]`: loaded when it is asked for; a small `get` starts soon. */
import { componentFault } from '../../service/path.ts';
import { planLocalRoot } from '../../service/tree/tree-local-store.ts';
import { parseAddress } from '../address.ts';
import type { Address } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import { withConnection } from '../connection.ts';
import type { Flags } from '../flag-values.ts';
import { personAtTerminal } from '../person.ts';
import type { GetJob } from '../transfer.ts';
import { firstOfGetTree, runGetTree } from '../tree-transfer.ts';
import type { GetTreeJob } from '../tree-transfer.ts';
import { UsageError } from '../usage-error.ts';
import { noSuchNameError, planGet } from './get.ts';

/** A tree, or the file that turns out to be at the address. */
export async function getTree(context: CommandContext): Promise<number> {
  const { operands, flags, output, interrupts } = context;
  const [addressText = '', local] = operands;
  const address = parseAddress(addressText);
  const { signal } = interrupts;
  const job = await planGetTree(address, local, flags);
  const dialing = { target: address, flags, output, person: personAtTerminal(interrupts) };
  return await withConnection(dialing, signal, firstOfGetTree(job), (session, startedMs) =>
    runGetTree({ session, flags, output, signal, startedMs }, job),
  );
}

/**
 * Decides where a tree goes, from what was typed here and nothing else.
 * @throws LftpError 2, 10, 14
 */
export async function planGetTree(
  address: Pick<Address, 'path' | 'isFolder'>,
  local: string | undefined,
  flags: Flags,
): Promise<GetTreeJob> {
  if (local === '-') {
    throw new UsageError('a tree cannot go to standard output', 'Name a local folder.');
  }
  const { path } = address;
  const name = path.at(-1);
  const fault = name === undefined ? undefined : componentFault(name);
  if (fault !== undefined) throw noSuchNameError(path, fault);
  const planFile = (): Promise<GetJob> => planGet(address, local, flags, () => undefined);
  return { path, root: await planLocalRoot(local, name), planFile };
}
