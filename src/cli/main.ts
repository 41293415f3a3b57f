/** From the command line to an exit code: parse, run, and say what went wrong. */
import { asError, EXIT, LftpError } from '../service/error.ts';
import { flagNames } from './command-table.ts';
import type { CommandSpec } from './command-table.ts';
import { FlagSource } from './flag-source.ts';
import { readFlags } from './flag-values.ts';
import type { Flags } from './flag-values.ts';
import { Interrupts } from './interrupts.ts';
import { Output } from './output.ts';
import { parseQuickly, wantsJson } from './parse-quickly.ts';
import type { Parsed } from './parsed.ts';
import { ParseFailure, UsageError } from './usage-error.ts';

/** Runs the program; the process may exit with the result. */
export async function main(args: readonly string[]): Promise<number> {
  // Unfinished files are removed on every way out (store-staged.ts).
  const interrupts = new Interrupts((code) => process.exit(code));
  interrupts.listen();
  const code = await run(args, interrupts);
  // A write to a closed output is reported one turn later.
  await new Promise((resolve) => setImmediate(resolve));
  return code === EXIT.OK ? (interrupts.reason?.code ?? code) : code;
}

async function run(args: readonly string[], interrupts: Interrupts): Promise<number> {
  let output = makeOutput({ json: wantsJson(args) });
  let usage = '';
  try {
    const parsed = await parse(args);
    switch (parsed.kind) {
      case 'version':
        output.show((await import('./version.ts')).versionText());
        return EXIT.OK;
      case 'help':
        output.show(parsed.text);
        return EXIT.OK;
      case 'usage':
        throw new ParseFailure('which command?', parsed.text);
      case 'command': {
        const { command, operands, raw } = parsed;
        usage = command.name;
        const source = new FlagSource(raw, process.env, flagNames(command));
        const flags = readFlags(raw, process.env, flagNames(command));
        output = makeOutput(flags, operands.includes('-'));
        await logEvents(command, flags, output);
        interrupts.limit(flags.maxTimeMs);
        const execute = await command.load();
        return await execute({ operands, flags, source, output, interrupts });
      }
    }
  } catch (error) {
    return await report(output, error, interrupts, usage);
  } finally {
    interrupts.close();
  }
}

/** Yargs is only loaded where the quick way ends. */
async function parse(args: readonly string[]): Promise<Parsed> {
  if (args.length === 1 && args[0] === '--version') return { kind: 'version' };
  return parseQuickly(args) ?? (await import('./parse-args.ts')).parseArgs(args);
}

function makeOutput(flags: Partial<Flags>, isStdoutTaken = false): Output {
  const { json = false, quiet = false, verbose = 0 } = flags;
  const options = { json, quiet, verbose, isStdoutTaken };
  return new Output(options, process.stdout, process.stderr);
}

/** A client's log holds the same events as `--json`; a server writes a log of its own. */
async function logEvents(command: CommandSpec, flags: Flags, output: Output): Promise<void> {
  if (command.name === 'serve' || flags.logFile === undefined) return;
  const { openLog } = await import('./log-file.ts');
  const log = await openLog(flags.logFile, 'debug', (error) => output.logFault(error));
  output.tap((event, fields) => log.info({ event, ...fields }, event));
}

/** @returns the exit code */
async function report(
  output: Output,
  thrown: unknown,
  interrupts: Interrupts,
  usage: string,
): Promise<number> {
  // What an interrupt breaks on its way out is not the reason.
  const error = interrupts.reason ?? thrown;
  if (error instanceof LftpError) {
    output.error(error);
    if (error instanceof ParseFailure) output.explain(error.usage);
    else if (error instanceof UsageError) {
      const { helpText } = await import('./parse-args.ts');
      output.explain(helpText(usage || undefined));
    }
    return error.code;
  }
  const bug = asError(error);
  output.error(
    new LftpError(EXIT.OTHER, 'local', `an error of the program itself: ${bug.message}`, {
      hint: 'Please report it, with what -v prints.',
    }),
  );
  output.detail(bug.stack ?? '');
  return EXIT.OTHER;
}
