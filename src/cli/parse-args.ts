/**
 * The command line, read by yargs: which command, which flags, which operands. Lines without a
 * mistake rarely come here (parse-quickly.ts), since loading yargs costs more than a small `get`.
 *
 * Operands stay plain words, because yargs' named ones are parsed a second time and lose a name
 * such as `-x` after `--`. Every problem is a UsageError with the usage of the command.
 */
import yargs from 'yargs';
import type { Argv, Options } from 'yargs';
import { displayText } from '../service/display.ts';
import { COMMAND_GROUPS, COMMANDS } from './command-table.ts';
import type { CommandSpec } from './command-table.ts';
import type { FlagSpec } from './flags.ts';
import type { Parsed } from './parsed.ts';
import { ParseFailure } from './usage-error.ts';

const EPILOGUE = [
  'An address is lftp://host:port/path or host:port:path; the port is 10000 if left out.',
  'Every flag has a variable: LFTPU_MAX_TIME stands for --max-time. -- ends the flags.',
  'Everything is sealed, unless both sides say --insecure: for teaching only.',
].join('\n');

/** @throws ParseFailure */
export function parseArgs(args: readonly string[]): Parsed {
  let chosen: CommandSpec | undefined;
  const parser = makeParser((command) => {
    chosen = command;
  });
  let parsed: Record<string, unknown> = {};
  let words: (string | number)[] = [];
  let failure: string | undefined;
  let text = '';
  void parser.parse([...args], {}, (error, argv, output) => {
    failure = error?.message;
    parsed = argv;
    words = 'then' in argv ? [] : argv._;
    text = output;
  });
  const typed = words.map(String);
  const [name] = typed;
  if (failure !== undefined) throw new ParseFailure(reworded(failure), usageOf(text, failure));
  if (parsed['version'] === true) return { kind: 'version' };
  if (text !== '') return { kind: 'help', text };
  if (name === undefined) return { kind: 'usage', text: helpText() };
  if (chosen === undefined) {
    if (Object.hasOwn(COMMAND_GROUPS, name)) throw groupFailure(name, typed[1]);
    throw new ParseFailure(`there is no command "${displayText(name, 100)}"`, helpText());
  }
  const operands = withoutName(chosen, typed);
  checkArity(chosen, operands);
  return { kind: 'command', command: chosen, operands, raw: parsed };
}

/** The help of one command, or of all. */
export function helpText(name?: string): string {
  let text = '';
  const args = name === undefined ? ['--help'] : [...name.split(' '), '--help'];
  void makeParser(() => undefined).parse(args, {}, (_error, _argv, output) => {
    text = output;
  });
  return text;
}

function checkArity(command: CommandSpec, operands: readonly string[]): void {
  const [least, most] = command.arity;
  if (operands.length >= least && operands.length <= most) return;
  const what =
    operands.length < least
      ? `${command.name} needs ${command.operands}`
      : `${command.name} takes only ${command.operands || 'flags'}`;
  throw new ParseFailure(what, helpText(command.name));
}

function makeParser(onCommand: (command: CommandSpec) => void) {
  const parser = yargs()
    .scriptName('lftp')
    .usage('lftp <command> [flags] …')
    .parserConfiguration({
      'parse-positional-numbers': false,
      'parse-numbers': false,
      'dot-notation': false,
      'camel-case-expansion': false,
      'duplicate-arguments-array': false,
      'boolean-negation': false,
      'strip-aliased': true,
    })
    .detectLocale(false)
    .exitProcess(false)
    .wrap(80)
    .strictOptions()
    .help('help')
    .alias('help', 'h')
    .version(false)
    .option('version', { type: 'boolean', describe: 'tell program, protocol and Node' })
    .epilogue(EPILOGUE);
  for (const command of COMMANDS) {
    if (!command.name.includes(' ')) addCommand(parser, command, command.name, onCommand);
  }
  for (const [group, describe] of Object.entries(COMMAND_GROUPS)) {
    parser.command(
      group,
      describe,
      (builder) => addGroup(builder, group, describe, onCommand),
      () => undefined,
    );
  }
  return parser;
}

function addGroup(
  builder: Argv,
  group: string,
  describe: string,
  onCommand: (command: CommandSpec) => void,
): Argv {
  builder.usage(`lftp ${group} <command> [flags] …\n\n${describe}`);
  for (const command of COMMANDS) {
    const [first, word = ''] = command.name.split(' ');
    if (first === group && word !== '') addCommand(builder, command, word, onCommand);
  }
  return builder;
}

function addCommand(
  parser: Argv,
  command: CommandSpec,
  word: string,
  onCommand: (command: CommandSpec) => void,
): void {
  // A command that has its group's name as an alias is what the group does on its own.
  const aliases = command.aliases.map((alias) =>
    command.name.startsWith(`${alias} `) ? '$0' : alias,
  );
  parser.command(
    [word, ...aliases],
    command.describe,
    (builder) =>
      builder
        .usage(`lftp ${command.name} [flags] ${command.operands}\n\n${command.describe}`)
        .options(yargsOptions(command.flags)),
    () => onCommand(command),
  );
}

/** What was typed behind the name of the command, which may be two words or the group's alone. */
function withoutName(command: CommandSpec, typed: readonly string[]): readonly string[] {
  const isPair = typed.slice(0, 2).join(' ') === command.name;
  return typed.slice(isPair ? command.name.split(' ').length : 1);
}

function groupFailure(group: string, word: string | undefined): ParseFailure {
  const what =
    word === undefined
      ? `${group} needs a command`
      : `there is no command "${group} ${displayText(word, 100)}"`;
  return new ParseFailure(what, helpText(group));
}

function yargsOptions(flags: Readonly<Record<string, FlagSpec>>): Record<string, Options> {
  const options: Record<string, Options> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const value = flag.value === undefined ? '' : `${flag.value}: `;
    options[name] = {
      ...(flag.alias === undefined ? {} : { alias: flag.alias }),
      ...(flag.kind === 'text' ? { type: 'string', requiresArg: true } : {}),
      ...(flag.kind === 'switch' ? { type: 'boolean' } : {}),
      ...(flag.kind === 'count' ? { type: 'count' } : {}),
      describe: `${value}${flag.describe}`,
    };
  }
  return options;
}

/** yargs' output without the message at its end. */
function usageOf(text: string, message: string): string {
  return text.endsWith(message) ? text.slice(0, -message.length).trimEnd() : text;
}

function reworded(message: string): string {
  const flag = /^Unknown arguments?: (.*)$/.exec(message)?.[1];
  if (flag !== undefined) {
    const names = flag.split(', ').map((name) => (name.length === 1 ? `-${name}` : `--${name}`));
    return `unknown option ${displayText(names.join(', '), 200)}`;
  }
  const needy = /^Not enough arguments following: (.*)$/.exec(message)?.[1];
  return needy === undefined ? displayText(message) : `--${displayText(needy)} needs a value`;
}
