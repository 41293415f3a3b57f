/** The commands, what they take, and where their code is; that is loaded when it is needed. */
import { SERVE_FLAGS, SHELL_FLAGS, TRANSFER_FLAGS } from './flags.ts';
import type { FlagName, FlagSpec } from './flags.ts';
import type { Flags } from './flag-values.ts';
import type { Interrupts } from './interrupts.ts';
import type { Output } from './output.ts';

/** What a command is given. */
export interface CommandContext {
  readonly operands: readonly string[];
  readonly flags: Flags;
  readonly output: Output;
  readonly interrupts: Interrupts;
}

export interface CommandSpec {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly operands: string;
  readonly describe: string;
  /** Least and most operands. */
  readonly arity: readonly [number, number];
  readonly flags: Readonly<Record<string, FlagSpec>>;
  /** The exit code; errors are thrown. */
  readonly load: () => Promise<(context: CommandContext) => Promise<number>>;
}

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'serve',
    aliases: [],
    operands: '[root]',
    describe: 'serve a folder, this one by default',
    arity: [0, 1],
    flags: SERVE_FLAGS,
    load: async () => (await import('./commands/serve.ts')).serve,
  },
  {
    name: 'get',
    aliases: [],
    operands: '<address> [local]',
    describe: 'fetch a file; a local of - is standard output',
    arity: [1, 2],
    flags: TRANSFER_FLAGS,
    load: async () => (await import('./commands/get.ts')).get,
  },
  {
    name: 'post',
    aliases: ['put'],
    operands: '<local> <address>',
    describe: 'send a file; a local of - is standard input',
    arity: [2, 2],
    flags: TRANSFER_FLAGS,
    load: async () => (await import('./commands/post.ts')).post,
  },
  {
    name: 'connect',
    aliases: [],
    operands: '[address | IP PORT]',
    describe: 'open the shell',
    arity: [0, 2],
    flags: SHELL_FLAGS,
    load: async () => (await import('./commands/connect.ts')).connect,
  },
];

/** Names of the flags of `command`. */
export function flagNames(command: CommandSpec): readonly FlagName[] {
  return Object.keys(command.flags) as FlagName[];
}
