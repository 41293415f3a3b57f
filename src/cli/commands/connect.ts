/** `lftp connect`: the shell, on a terminal, from a pipe, a file or the command line. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CompleterResult, Interface } from 'node:readline';
import { errorText, EXIT, LftpError } from '../../service/error.ts';
import type { CommandContext } from '../command-table.ts';
import { MutableScreen, personAtPrompt } from '../person.ts';
import { clientStateFolder } from '../../service/identity/data-folders.ts';
import { complete } from '../shell-complete.ts';
import type { Completion } from '../shell-complete.ts';
import { HISTORY_LINES, readHistory, writeHistory } from '../shell-history.ts';
import { targetOf } from '../shell-session.ts';
import { Shell } from '../shell.ts';
import { UsageError } from '../usage-error.ts';

export async function connect(context: CommandContext): Promise<number> {
  const { operands, flags, interrupts } = context;
  const { batch, command } = flags;
  if (batch !== undefined && command !== undefined) {
    throw new UsageError('-b and -c exclude each other');
  }
  if (flags.isPasswordFromStdin && batch === undefined && command === undefined) {
    throw new UsageError(
      'standard input cannot bring both the password and the commands',
      'Hand the password over with --password-file, or the commands with -b or -c.',
    );
  }
  const target = operands.length === 0 ? undefined : targetOf(operands);
  const lines = command === undefined ? await batchLines(batch) : [command];
  const shell = new Shell(context);
  const onAbort = (): void => void shell.drop();
  interrupts.signal.addEventListener('abort', onAbort);
  interrupts.onInterrupt = () => shell.interrupt();
  try {
    if (target !== undefined) await shell.connectTo(target);
    return lines === undefined
      ? await readLines(shell, context)
      : await runScript(shell, lines, interrupts.signal);
  } finally {
    interrupts.onInterrupt = undefined;
    interrupts.signal.removeEventListener('abort', onAbort);
    await shell.close();
  }
}

async function batchLines(path: string | undefined): Promise<readonly string[] | undefined> {
  if (path === undefined) return undefined;
  try {
    return (await readFile(path, 'utf8')).split(/\r?\n/);
  } catch (error) {
    throw new LftpError(EXIT.LOCAL_IO, 'local', errorText(error), {
      path,
      hint: 'Check the name of the file with the commands.',
      cause: error,
    });
  }
}

/** Ends with the first command that fails. */
async function runScript(
  shell: Shell,
  lines: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  for (const line of lines) {
    const code = await shell.execute(line, false);
    signal.throwIfAborted();
    if (code !== EXIT.OK || shell.isOver) return code;
  }
  return EXIT.OK;
}

/**
 * Reads commands until `stop` or the end of the input. On a terminal a mistake costs nothing; from
 * a pipe the code of the first that failed is what the program ends with.
 */
async function readLines(shell: Shell, context: CommandContext): Promise<number> {
  if (process.stdin.isTTY && process.stderr.isTTY) return await readTerminal(shell, context);
  const reader = createInterface({ input: process.stdin });
  let first: number = EXIT.OK;
  await eachLine(reader, context, async (line) => {
    const code = await shell.execute(line, true);
    if (first === EXIT.OK) first = code;
    return !shell.isOver;
  });
  return first;
}

async function readTerminal(shell: Shell, context: CommandContext): Promise<number> {
  const screen = new MutableScreen(process.stderr);
  const historyFile = join(clientStateFolder(process.env), 'history');
  let history = await readHistory(historyFile);
  const reader = createInterface({
    input: process.stdin,
    output: screen,
    terminal: true,
    history,
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
    completer: completerOf(shell),
  });
  reader.on('history', (lines: string[]) => {
    history = lines;
  });
  shell.person = personAtPrompt(reader, screen);
  shell.lendTerminal = (work) => lend(reader, work);
  reader.on('SIGINT', () => onTerminalInterrupt(shell, reader, context));
  try {
    prompt(shell, reader);
    await eachLine(reader, context, async (line) => {
      await shell.execute(line, true);
      if (!shell.isOver && !context.interrupts.signal.aborted) prompt(shell, reader);
      return !shell.isOver;
    });
    return EXIT.OK;
  } finally {
    await writeHistory(historyFile, history);
  }
}

/** @param execute false: no further line is wanted */
async function eachLine(
  reader: Interface,
  context: CommandContext,
  execute: (line: string) => Promise<boolean>,
): Promise<void> {
  const { signal } = context.interrupts;
  const onAbort = (): void => reader.close();
  signal.addEventListener('abort', onAbort);
  try {
    for await (const line of reader) {
      if (!(await execute(line)) || signal.aborted) break;
    }
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', onAbort);
    reader.close();
  }
}

type OnCompleted = (error?: Error | null, completion?: CompleterResult) => void;

function completerOf(shell: Shell): (line: string, done: OnCompleted) => void {
  return (line, done) => {
    const give = ([found, word]: Completion): void => done(null, [[...found], word]);
    void complete(shell, line).then(give);
  };
}

/** Another program has the terminal, as it was before the line editor. */
async function lend(reader: Interface, work: () => Promise<void>): Promise<void> {
  reader.pause();
  process.stdin.setRawMode(false);
  try {
    await work();
  } finally {
    process.stdin.setRawMode(true);
    reader.resume();
  }
}

function prompt(shell: Shell, reader: Interface): void {
  reader.setPrompt(shell.prompt);
  reader.prompt();
}

/** Ctrl-C stops the job; without one it empties the line, and an empty line ends the shell. */
function onTerminalInterrupt(shell: Shell, reader: Interface, context: CommandContext): void {
  if (shell.interrupt()) return;
  if (reader.line === '') context.interrupts.interrupt();
  else {
    reader.write(null, { ctrl: true, name: 'u' });
    prompt(shell, reader);
  }
}
