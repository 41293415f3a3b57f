/**
 * The quick way through a command line without a mistake. Whatever it does not understand at once,
 * help and errors included, goes to yargs, which reads the same table (parse-args.ts).
 */
import { parseArgs } from 'node:util';
import { COMMANDS } from './command-table.ts';
import type { CommandSpec } from './command-table.ts';
import type { ParsedCommand } from './parsed.ts';

/** Undefined: let yargs have a look. */
export function parseQuickly(args: readonly string[]): ParsedCommand | undefined {
  const [name = ''] = args;
  const pair = args.slice(0, 2).join(' ');
  const grouped = COMMANDS.find((entry) => entry.name === pair);
  const command =
    grouped ?? COMMANDS.find((entry) => entry.name === name || entry.aliases.includes(name));
  if (command === undefined) return undefined;
  const parsed = parseStrictly(
    command,
    args.slice(command === grouped ? pair.split(' ').length : 1),
  );
  if (parsed === undefined) return undefined;
  const [least, most] = command.arity;
  const { positionals, values } = parsed;
  if (positionals.length < least || positionals.length > most) return undefined;
  const raw: Record<string, unknown> = {};
  for (const [flag, value] of Object.entries(values)) {
    raw[flag] = Array.isArray(value) ? value.length : value;
  }
  return { kind: 'command', command, operands: positionals, raw };
}

function parseStrictly(command: CommandSpec, args: readonly string[]) {
  const options = Object.entries(command.flags).map(([name, { kind, alias }]) => {
    const type = kind === 'text' ? ('string' as const) : ('boolean' as const);
    const short = alias === undefined ? {} : { short: alias };
    return [name, { type, multiple: kind === 'count', ...short }] as const;
  });
  try {
    const config = { args: [...args], options: Object.fromEntries(options), strict: true } as const;
    return parseArgs({ ...config, allowPositionals: true });
  } catch {
    return undefined;
  }
}

/** Whether events are wanted, for an error that was met before the flags were read. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--json');
}
