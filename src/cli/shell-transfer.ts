/** Commands that move files. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { EXIT, LftpError } from '../service/error.ts';
import type { FileSource } from '../service/file-ends.ts';
import { statOperation } from '../service/operations/client-operations.ts';
import { pathText } from '../service/path.ts';
import type { RemotePath } from '../service/path.ts';
import { planGet } from './commands/get.ts';
import { planPost } from './commands/post.ts';
import type { ShellCommand } from './shell-command.ts';
import { eachLocal, eachOf } from './shell-each.ts';
import type { TypedPath } from './shell-path.ts';
import type { Shell } from './shell.ts';
import { TextSource } from './text-source.ts';
import { runGet, runPost } from './transfer.ts';
import { UsageError } from './usage-error.ts';

const command = (
  names: readonly string[],
  operands: string,
  describe: string,
  run: ShellCommand['run'],
): ShellCommand => ({ names, operands, describe, isRemote: true, run });

export const TRANSFER_COMMANDS: readonly ShellCommand[] = [
  command(['get', 'recv'], 'NAME [LOCAL]', 'fetch a file; a LOCAL of - shows it', get),
  command(['post', 'put', 'send'], 'LOCAL [NAME]', 'send a file', post),
  command(['append'], 'LOCAL [NAME]', 'send a file to the end of another', append),
  command(['newer'], 'NAME [LOCAL]', 'fetch a file if the one here is older', newer),
  command(['mget'], 'NAME…', 'fetch several files', async (shell, words) => {
    await eachOf(shell, words, 'mget', (path) =>
      fetch(shell, { path, isFolder: false }, undefined),
    );
  }),
  command(['mput'], 'LOCAL…', 'send several files', async (shell, words) => {
    await eachLocal(shell, words, 'mput', (local) => send(shell, local, shell.resolve('.')));
  }),
];

async function get(shell: Shell, words: readonly string[]): Promise<void> {
  const typed = shell.resolve(await shell.argument(words, 0, 'remote-file'));
  const [, local] = words;
  if (local === '-') shell.speakBesideFile();
  await fetch(shell, typed, local);
}

async function fetch(shell: Shell, typed: TypedPath, local: string | undefined): Promise<void> {
  const { flags, interrupts } = shell.context;
  const onError = (error: Error): void => interrupts.onOutputError(error);
  const job = await planGet(typed, local, flags, onError);
  shell.note('get', job.path);
  await runGet(shell.transferContext(), job);
}

async function post(shell: Shell, words: readonly string[]): Promise<void> {
  const local = await shell.argument(words, 0, 'local-file');
  // The lines of a script come from there as well.
  if (local === '-') throw new UsageError('the shell itself reads standard input');
  const [, name] = words;
  await send(shell, local, shell.resolve(name ?? '.'));
}

async function send(shell: Shell, local: string, { path, isFolder }: TypedPath): Promise<void> {
  // Of a folder that is here already it is known that it is one; the server knows of all others.
  const isHere = path.length === shell.cwd.length && isFolder;
  const job = await planPost(local, { path, isFolder: isFolder && !isHere });
  const source: FileSource = shell.modes.isText ? new TextSource(job.source) : job.source;
  shell.note('post', path);
  try {
    await runPost(shell.transferContext(), { ...job, source });
  } finally {
    await job.source.close();
  }
}

async function append(shell: Shell, words: readonly string[]): Promise<void> {
  const local = await shell.argument(words, 0, 'local-file');
  if (local === '-') throw new UsageError('the shell itself reads standard input');
  const { path } = shell.resolve(words[1] ?? basename(local));
  const job = await planPost(local, { path, isFolder: false });
  const source: FileSource = shell.modes.isText ? new TextSource(job.source) : job.source;
  shell.note('append', path);
  try {
    const appended = { ...job, name: undefined, source, isAppended: true };
    await runPost(shell.transferContext(), appended);
  } finally {
    await job.source.close();
  }
}

async function newer(shell: Shell, words: readonly string[]): Promise<void> {
  const typed = shell.resolve(await shell.argument(words, 0, 'remote-file'));
  const { path } = typed;
  const local = words[1] ?? path.at(-1) ?? '';
  const { kind, mtimeMs } = await shell.perform(statOperation(path));
  if (kind !== 'file') throw notFileError(path);
  const localMs = await stat(local).then(
    (stats) => stats.mtimeMs,
    () => undefined,
  );
  if (localMs !== undefined && localMs >= mtimeMs) {
    shell.output.say(`${local} is newer than ${pathText(path)}, or as new`);
    return;
  }
  await fetch(shell, typed, local);
}

function notFileError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'remote', 'it is no file', { path: pathText(path) });
}
