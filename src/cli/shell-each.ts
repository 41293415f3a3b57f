/** Commands that do the same with several files: patterns, questions, and going on after faults. */
import { displayText } from '../service/display.ts';
import { EXIT, LftpError } from '../service/error.ts';
import { listFolder, statOperation } from '../service/operations/client-operations.ts';
import { pathText } from '../service/path.ts';
import type { RemotePath } from '../service/path.ts';
import { expandLocal, expandRemote } from './shell-glob.ts';
import type { Shell } from './shell.ts';

/** Asks whether to do it, where somebody can be asked and wants to be. */
export async function isSure(shell: Shell, what: string): Promise<boolean> {
  if (!shell.modes.isPrompting || shell.person === undefined) return true;
  const answer = await shell.person.ask(`${displayText(what)}? [yn] `, shell.signal());
  return /^y(es)?$/i.test(answer.trim());
}

/**
 * Does `work` with every file on the server that `words` mean; folders and names that are missing
 * are told and passed over.
 * @throws LftpError 3 when some failed
 */
export async function eachOf(
  shell: Shell,
  words: readonly string[],
  verb: string,
  work: (path: RemotePath, index: number) => Promise<void>,
): Promise<void> {
  const first = await shell.argument(words, 0, 'remote-files');
  const tally = new Tally(shell);
  for (const word of words.length === 0 ? [first] : words) {
    const paths = await tally.attempt(() => remotePaths(shell, word));
    for (const path of paths ?? []) {
      if (!(await isSure(shell, `${verb} ${pathText(path)}`))) continue;
      await tally.attempt(async () => {
        await requireFile(shell, path);
        await work(path, tally.done);
      });
    }
  }
  tally.end();
}

/** The same with files of this machine. @throws LftpError 3 when some failed */
export async function eachLocal(
  shell: Shell,
  words: readonly string[],
  verb: string,
  work: (path: string) => Promise<void>,
): Promise<void> {
  const first = await shell.argument(words, 0, 'local-files');
  const tally = new Tally(shell);
  for (const word of words.length === 0 ? [first] : words) {
    const paths = await tally.attempt(() => expandLocal(word));
    for (const path of paths ?? []) {
      if (await isSure(shell, `${verb} ${path}`)) await tally.attempt(() => work(path));
    }
  }
  tally.end();
}

async function remotePaths(shell: Shell, word: string): Promise<RemotePath[]> {
  const { session } = shell.requireConnection();
  const isHidden = /(^|\/)\.[^/]*$/.test(word);
  const { path } = shell.resolve(word);
  return await expandRemote(path, (folder) => {
    shell.note('list', folder);
    return listFolder(session, folder, isHidden);
  });
}

async function requireFile(shell: Shell, path: RemotePath): Promise<void> {
  const { kind } = await shell.perform(statOperation(path));
  if (kind !== 'folder') return;
  throw new LftpError(EXIT.REFUSED, 'remote', 'it is a folder', {
    path: pathText(path),
    hint: 'It was passed over.',
  });
}

/** Tells of failures as they come, and of how many there were at the end. */
class Tally {
  done = 0;
  private failed = 0;
  private readonly shell: Shell;

  constructor(shell: Shell) {
    this.shell = shell;
  }

  /** Undefined when it failed. @throws what ends the whole command */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      this.done += 1;
      return result;
    } catch (error) {
      this.shell.signal().throwIfAborted();
      if (!this.shell.isConnected || !(error instanceof LftpError)) throw error;
      this.failed += 1;
      this.shell.report(error);
      return undefined;
    }
  }

  end(): void {
    if (this.failed === 0) return;
    throw new LftpError(EXIT.SOME_FAILED, 'local', `${this.failed} of them failed`, { hint: '' });
  }
}
