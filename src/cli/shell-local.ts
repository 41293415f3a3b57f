/** Commands about this machine. */
import { spawn } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { asError, EXIT, LftpError } from '../service/error.ts';
import { remoteEntry, wireEntryOf } from '../service/operations/remote-entry.ts';
import { localFileError } from '../service/store-errors.ts';
import { entryLine } from './remote-names.ts';
import type { ShellCommand } from './shell-command.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';

export const LOCAL_COMMANDS: readonly ShellCommand[] = [
  {
    names: ['lcd'],
    operands: '[FOLDER]',
    describe: 'tell or change the folder here',
    isRemote: false,
    run: lcd,
  },
  {
    names: ['lpwd'],
    operands: '',
    describe: 'tell the folder here',
    isRemote: false,
    run: (shell) => lcd(shell, []),
  },
  {
    names: ['lls'],
    operands: '[-l] [FOLDER]',
    describe: 'list a folder here',
    isRemote: false,
    run: lls,
  },
  {
    names: ['!'],
    operands: '[COMMAND]',
    describe: 'run a command of this machine, or its shell',
    isRemote: false,
    run: (shell, words) => runLocally(shell, words.join(' ')),
  },
];

function lcd(shell: Shell, words: readonly string[]): Promise<void> {
  const [folder] = words;
  if (words.length > 1) throw new UsageError('lcd takes one folder');
  if (folder !== undefined) {
    try {
      process.chdir(folder.replace(/^~(?=$|\/)/, homedir()));
    } catch (error) {
      throw localFileError(error, folder);
    }
  }
  shell.output.show(process.cwd());
  return Promise.resolve();
}

async function lls(shell: Shell, words: readonly string[]): Promise<void> {
  const isLong = words[0] === '-l';
  const folder = (isLong ? words[1] : words[0]) ?? '.';
  try {
    for (const name of (await readdir(folder)).sort()) {
      const stats = await lstat(join(folder, name));
      shell.output.show(entryLine(remoteEntry(wireEntryOf(name, stats)), isLong));
    }
  } catch (error) {
    throw localFileError(error, folder);
  }
}

/**
 * Hands `command` to the shell of this machine, as it was typed.
 * @throws LftpError 1 when it fails
 */
export async function runLocally(shell: Shell, command: string): Promise<void> {
  const text = command.trim();
  if (text === '' && shell.lendTerminal === undefined) {
    throw new UsageError('! needs a command where there is no terminal', '! COMMAND');
  }
  const program = process.env['SHELL'] ?? '/bin/sh';
  const args = text === '' ? [] : ['-c', text];
  const run = (): Promise<void> => runProgram(program, args, shell);
  await (shell.lendTerminal?.(run) ?? run());
}

async function runProgram(program: string, args: readonly string[], shell: Shell): Promise<void> {
  // Lines that wait in a pipe are commands of ours, and no input of another program.
  const input = shell.lendTerminal === undefined ? 'ignore' : 'inherit';
  // Standard output may carry events.
  const output = shell.output.options.json ? process.stderr : 'inherit';
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: [input, output, 'inherit'],
      signal: shell.signal(),
    });
    child.on('error', reject);
    child.on('close', resolve);
  }).catch((error: unknown) => {
    throw new LftpError(EXIT.LOCAL_IO, 'local', asError(error).message);
  });
  if (code === 0) return;
  const how = code === null ? 'was ended by a signal' : `ended with code ${code}`;
  throw new LftpError(EXIT.OTHER, 'local', `the command ${how}`, { hint: '' });
}
