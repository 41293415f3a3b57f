/** What Tab offers: commands, names on the server, files of this machine. */
import { readdir } from 'node:fs/promises';
import { listFolder } from '../service/operations/client-operations.ts';
import { displayText } from '../service/display.ts';
import { quoteWord, resolvePath } from './shell-path.ts';
import type { Shell } from './shell.ts';
import { splitWords } from './shell-words.ts';

/** More names than these nobody reads. */
const MOST_OFFERED = 2000;

/** Commands whose first argument is a file of this machine. */
const LOCAL_FIRST: readonly string[] = ['post', 'append', 'mput', 'lcd', 'lls'];

/** All that fits, and the end of the line that it would stand for; never rejects. */
export type Completion = readonly [readonly string[], string];

export async function complete(shell: Shell, line: string): Promise<Completion> {
  const command = line.slice(line.lastIndexOf(';') + 1).trimStart();
  const word = /(?:\\.|[^\s\\])*$/s.exec(command)?.[0] ?? '';
  const before = command.slice(0, command.length - word.length).trim();
  if (before === '') {
    const names = shell.commands.flatMap(({ names: all }) => all);
    return [fitting(names, word.toLowerCase()).map((name) => `${name} `), word];
  }
  try {
    return [await pathsFor(shell, before, word), word];
  } catch {
    // Nothing is offered where nothing can be read, and a question is no place for errors.
    return [[], word];
  }
}

async function pathsFor(shell: Shell, before: string, word: string): Promise<string[]> {
  const split = splitWords(before);
  const [name = '', ...words] = (split.ok ? split.commands[0] : undefined) ?? [];
  const { names, isRemote } = shell.commandOf(name);
  const isLocal =
    LOCAL_FIRST.includes(names[0] ?? '') && (names[0] === 'mput' || words.length === 0);
  const typed = word.replace(/\\(.)/gs, '$1');
  const slash = typed.lastIndexOf('/') + 1;
  const [folder, start] = [typed.slice(0, slash), typed.slice(slash)];
  const found = isLocal
    ? await localNames(folder)
    : isRemote
      ? await remoteNames(shell, folder, start)
      : [];
  return fitting(found, start).map((each) => quoteWord(folder + each));
}

/** Folders end in a slash. */
async function remoteNames(shell: Shell, folder: string, start: string): Promise<string[]> {
  if (!shell.isConnected) return [];
  const { session } = shell.requireConnection();
  const { path } = resolvePath(shell.cwd, folder === '' ? '.' : folder);
  const found: string[] = [];
  for await (const { name, kind } of listFolder(session, path, start.startsWith('.'))) {
    // What a terminal would act on is not put into the line.
    if (displayText(name) !== name) continue;
    found.push(kind === 'folder' ? `${name}/` : name);
    if (found.length >= MOST_OFFERED) break;
  }
  return found;
}

async function localNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true });
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  return names.filter((name) => displayText(name) === name).sort();
}

function fitting(names: readonly string[], start: string): string[] {
  return names.filter((name) => name.startsWith(start)).slice(0, MOST_OFFERED);
}
