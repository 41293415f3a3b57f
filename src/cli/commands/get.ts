/** `lftp get <address> [local]` */
import { EXIT, LftpError } from '../../service/error.ts';
import { componentFault, pathText } from '../../service/path.ts';
import type { RemotePath } from '../../service/path.ts';
import { createDownload, planLocalTarget } from '../../service/store-local.ts';
import { parseAddress } from '../address.ts';
import type { Address } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import { withConnection } from '../connection.ts';
import type { Flags } from '../flag-values.ts';
import { personAtTerminal } from '../person.ts';
import { openStdout, StdoutSink } from '../stdio.ts';
import { firstOfGet, runGet } from '../transfer.ts';
import type { GetJob } from '../transfer.ts';

export async function get(context: CommandContext): Promise<number> {
  const { operands, flags, output, interrupts } = context;
  const [addressText = '', local] = operands;
  const address = parseAddress(addressText);
  if (flags.recursive) return await (await import('./get-tree.ts')).getTree(context);
  const onError = (error: Error): void => interrupts.onOutputError(error);
  const job = await planGet(address, local, flags, onError);
  const { signal } = interrupts;
  const person = personAtTerminal(interrupts);
  const dialing = { target: address, flags, output, person };
  const first = firstOfGet(job);
  await withConnection(dialing, signal, first, (session, startedMs) =>
    runGet({ session, flags, output, signal, startedMs }, job),
  );
  return EXIT.OK;
}

/**
 * Decides where the file goes, from what was typed here and nothing else.
 * @param onStdoutError called when standard output carries the file and fails
 * @throws LftpError 10, 14, 18
 */
export async function planGet(
  { path, isFolder }: Pick<Address, 'path' | 'isFolder'>,
  local: string | undefined,
  flags: Flags,
  onStdoutError: (error: Error) => void,
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
  return {
    path,
    local: target.path,
    openSink: (file) => createDownload(target, file, overwrite, preserve),
  };
}

export function noSuchNameError(path: RemotePath, fault: string): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', `no file can be called that here: ${fault}`, {
    path: pathText(path),
    hint: 'Name a file, without . or .. at its end.',
  });
}
