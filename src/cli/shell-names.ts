/** Commands about names on the server. */
import { open } from 'node:fs/promises';
import { EXIT, LftpError } from '../service/error.ts';
import {
  checksumOperation,
  chmodOperation,
  deleteOperation,
  listFolder,
  makeFolderOperation,
  removeFolderOperation,
  renameOperation,
  spaceOperation,
  statOperation,
} from '../service/operations/client-operations.ts';
import type { RemoteEntry } from '../service/operations/remote-entry.ts';
import { pathText } from '../service/path.ts';
import type { RemotePath } from '../service/path.ts';
import { localFileError } from '../service/store-errors.ts';
import { parseMode } from './commands/change.ts';
import { entryLine, entryText, tellEntry } from './remote-names.ts';
import type { ShellCommand } from './shell-command.ts';
import { eachOf, isSure } from './shell-each.ts';
import { expandRemote, hasGlob } from './shell-glob.ts';
import type { Shell } from './shell.ts';
import { formatBytes } from './units.ts';

const command = (
  names: readonly string[],
  operands: string,
  describe: string,
  run: ShellCommand['run'],
): ShellCommand => ({ names, operands, describe, isRemote: true, run });

export const NAME_COMMANDS: readonly ShellCommand[] = [
  command(['pwd'], '', 'tell the folder on the server', pwd),
  command(['cd'], 'FOLDER | -', 'go into a folder, or back', cd),
  command(['cdup'], '', 'go to the folder above', (shell) => enter(shell, '..')),
  command(['ls'], '[-al] [NAME] [LOCAL]', 'list names', (shell, words) => ls(shell, words, false)),
  command(['dir'], '[-al] [NAME] [LOCAL]', 'list names with mode, size and time', (shell, words) =>
    ls(shell, words, true),
  ),
  command(['mls'], 'NAME… LOCAL', 'list several into a file; - is the screen', (shell, words) =>
    listSeveral(shell, words, false),
  ),
  command(['mdir'], 'NAME… LOCAL', 'the same with mode, size and time', (shell, words) =>
    listSeveral(shell, words, true),
  ),
  command(['stat'], 'NAME', 'tell kind, size, time and mode', stat),
  command(['size'], 'FILE', 'tell the size', size),
  command(['checksum'], 'FILE', 'tell the BLAKE3 digest, as b3sum does', checksum),
  command(['mkdir'], 'FOLDER', 'make a folder', async (shell, words) => {
    const { path } = shell.resolve(await shell.argument(words, 0, 'remote-folder'));
    await shell.perform(makeFolderOperation(path, false));
  }),
  command(['rmdir'], 'FOLDER', 'remove an empty folder', async (shell, words) => {
    const { path } = shell.resolve(await shell.argument(words, 0, 'remote-folder'));
    await shell.perform(removeFolderOperation(path));
  }),
  command(['rename'], 'FROM TO', 'rename a file or folder', async (shell, words) => {
    const from = shell.resolve(await shell.argument(words, 0, 'from-name'));
    const to = shell.resolve(await shell.argument(words, 1, 'to-name'));
    await shell.perform(renameOperation(from.path, to.path, false));
  }),
  command(['delete'], 'FILE', 'delete a file', async (shell, words) => {
    const { path } = shell.resolve(await shell.argument(words, 0, 'remote-file'));
    await shell.perform(deleteOperation(path));
  }),
  command(['mdelete'], 'FILE…', 'delete several files', deleteSeveral),
  command(['chmod'], 'MODE NAME', 'set permissions', async (shell, words) => {
    const mode = parseMode(await shell.argument(words, 0, 'mode'));
    const { path } = shell.resolve(await shell.argument(words, 1, 'remote-file'));
    await shell.perform(chmodOperation(path, mode));
  }),
  command(['df', 'quota'], '', 'tell how much space there is', space),
];

function pwd(shell: Shell): Promise<void> {
  shell.output.event('folder', { path: `/${shell.cwd.join('/')}` });
  if (!shell.output.options.json) shell.output.show(pathText(shell.cwd));
  return Promise.resolve();
}

async function cd(shell: Shell, words: readonly string[]): Promise<void> {
  await enter(shell, await shell.argument(words, 0, 'remote-folder'));
}

/** A failure leaves one where one is. */
async function enter(shell: Shell, text: string): Promise<void> {
  const path = text === '-' ? shell.previous : shell.resolve(text).path;
  const { kind } = await shell.perform(statOperation(path));
  if (kind !== 'folder') throw notFolderError(path);
  shell.previous = shell.cwd;
  shell.cwd = path;
}

function notFolderError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'remote', 'it is not a folder', { path: pathText(path) });
}

interface ListWords {
  readonly isLong: boolean;
  readonly isHidden: boolean;
  readonly names: readonly string[];
}

/** `-a`, `-l` and `-la` stand in front of the names. */
function listWords(words: readonly string[], isLong: boolean): ListWords {
  const options = words.filter((word, index) => /^-[al]+$/.test(word) && index === 0).join('');
  const names = options === '' ? words : words.slice(1);
  return { isLong: isLong || options.includes('l'), isHidden: options.includes('a'), names };
}

async function ls(shell: Shell, words: readonly string[], isLong: boolean): Promise<void> {
  const wanted = listWords(words, isLong);
  const [name = '-', local = '-'] = wanted.names;
  await into(shell, local, (show) => list(shell, { ...wanted, names: [name] }, show));
}

async function listSeveral(shell: Shell, words: readonly string[], isLong: boolean) {
  const wanted = listWords(words, isLong);
  const first = await shell.argument(wanted.names, 0, 'remote-files');
  const local = await shell.argument(
    wanted.names,
    Math.max(1, wanted.names.length - 1),
    'local-file',
  );
  const names = wanted.names.length < 2 ? [first] : wanted.names.slice(0, -1);
  await into(shell, local, (show) => list(shell, { ...wanted, names }, show));
}

type ShowEntry = (path: RemotePath, entry: RemoteEntry, line: string) => void;

async function list(shell: Shell, wanted: ListWords, show: ShowEntry): Promise<void> {
  const { names, isHidden, isLong } = wanted;
  const { session } = shell.requireConnection();
  for (const name of names) {
    const { path } = shell.resolve(name === '-' ? '.' : name);
    const lister = (folder: RemotePath) => listFolder(session, folder, isHidden);
    const paths = hasGlob(name) ? await expandRemote(path, lister) : [path];
    for (const each of paths) {
      shell.note('list', each);
      // What a pattern means is shown itself, as the shells of machines do it with -d.
      if (hasGlob(name)) {
        const entry = await shell.perform(statOperation(each));
        show(each, entry, entryLine(entry, isLong));
        continue;
      }
      for await (const entry of listFolder(session, each, isHidden)) {
        shell.signal().throwIfAborted();
        show([...each, entry.name], entry, entryLine(entry, isLong));
      }
    }
  }
}

/** Shows lines on the screen, or writes them into a file of this machine. */
async function into(
  shell: Shell,
  local: string,
  work: (show: ShowEntry) => Promise<void>,
): Promise<void> {
  const { output } = shell;
  if (local === '-') {
    await work((path, entry, line) => {
      if (output.options.json) tellEntry(output, 'entry', path, entry);
      else output.show(line);
    });
    return;
  }
  if (!(await isSure(shell, `output to local-file: ${local}`))) return;
  const lines: string[] = [];
  await work((_path, _entry, line) => void lines.push(`${line}\n`));
  try {
    const file = await open(local, shell.context.flags.overwrite === 'never' ? 'wx' : 'w');
    try {
      await file.writeFile(lines.join(''));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw localFileError(error, local);
  }
}

async function stat(shell: Shell, words: readonly string[]): Promise<void> {
  const { path } = shell.resolve(await shell.argument(words, 0, 'remote-file'));
  const entry = await shell.perform(statOperation(path));
  tellEntry(shell.output, 'entry', path, entry);
  if (!shell.output.options.json) shell.output.show(entryText(path, entry));
}

async function size(shell: Shell, words: readonly string[]): Promise<void> {
  const { path } = shell.resolve(await shell.argument(words, 0, 'remote-file'));
  const { kind, sizeBytes } = await shell.perform(statOperation(path));
  if (kind !== 'file') {
    throw new LftpError(EXIT.REFUSED, 'remote', 'it is no file', { path: pathText(path) });
  }
  shell.output.event('size', { path: pathText(path), bytes: sizeBytes });
  if (!shell.output.options.json) shell.output.show(`${pathText(path)} ${sizeBytes}`);
}

async function checksum(shell: Shell, words: readonly string[]): Promise<void> {
  const { path } = shell.resolve(await shell.argument(words, 0, 'remote-file'));
  const { checksum: found, bytes } = await shell.perform(checksumOperation(path));
  const digest = `blake3:${Buffer.from(found).toString('hex')}`;
  shell.output.event('checksum', { path: pathText(path), digest, bytes });
  if (!shell.output.options.json) shell.output.show(digest);
}

async function deleteSeveral(shell: Shell, words: readonly string[]): Promise<void> {
  await eachOf(shell, words, 'mdelete', async (path) => {
    await shell.perform(deleteOperation(path));
  });
}

async function space(shell: Shell): Promise<void> {
  const { freeBytes, totalBytes } = await shell.perform(spaceOperation(shell.cwd));
  shell.output.event('space', { freeBytes, totalBytes });
  const text = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} are free`;
  if (!shell.output.options.json) shell.output.show(text);
}
