/** The commands, what they take, and where their code is; that is loaded when it is needed. */
import {
  BENCH_FLAGS,
  HOSTKEY_SHOW_FLAGS,
  KEYGEN_FLAGS,
  OUTPUT_FLAGS,
  SERVE_FLAGS,
  SHELL_FLAGS,
  TREE_FLAGS,
  TRUST_FLAGS,
  USER_ADD_FLAGS,
  USER_FLAGS,
  USER_KEY_FLAGS,
  USER_PASSWORD_FLAGS,
  USER_SET_FLAGS,
} from './flags.ts';
import type { FlagSource } from './flag-source.ts';
import type { FlagName, FlagSpec } from './flags.ts';
import type { Flags } from './flag-values.ts';
import type { Interrupts } from './interrupts.ts';
import { NAME_COMMANDS } from './name-commands.ts';
import type { Output } from './output.ts';

/** What a command is given. */
export interface CommandContext {
  readonly operands: readonly string[];
  readonly flags: Flags;
  /** For commands that read flags of their own. */
  readonly source: FlagSource;
  readonly output: Output;
  readonly interrupts: Interrupts;
}

export interface CommandSpec {
  /** One word, or a group and a word: `user add`. */
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

const ACCOUNT_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'user add',
    aliases: [],
    operands: '<name>',
    describe: 'make an account, with a password or a key',
    arity: [1, 1],
    flags: USER_ADD_FLAGS,
    load: async () => (await import('./commands/user.ts')).addUser,
  },
  {
    name: 'user passwd',
    aliases: [],
    operands: '<name>',
    describe: 'give an account another password',
    arity: [1, 1],
    flags: USER_PASSWORD_FLAGS,
    load: async () => (await import('./commands/user.ts')).setPassword,
  },
  {
    name: 'user key',
    aliases: [],
    operands: '<name> <file>',
    describe: 'let the public key in a file log in; --remove takes it or a fingerprint away',
    arity: [2, 2],
    flags: USER_KEY_FLAGS,
    load: async () => (await import('./commands/user.ts')).changeKey,
  },
  {
    name: 'user set',
    aliases: [],
    operands: '<name>',
    describe: 'change what an account may do and use, at once',
    arity: [1, 1],
    flags: USER_SET_FLAGS,
    load: async () => (await import('./commands/user.ts')).setUser,
  },
  {
    name: 'user show',
    aliases: [],
    operands: '<name>',
    describe: 'show one account',
    arity: [1, 1],
    flags: USER_FLAGS,
    load: async () => (await import('./commands/user.ts')).showUser,
  },
  {
    name: 'user list',
    aliases: [],
    operands: '',
    describe: 'show the accounts and their keys',
    arity: [0, 0],
    flags: USER_FLAGS,
    load: async () => (await import('./commands/user.ts')).listUsers,
  },
  {
    name: 'user rm',
    aliases: [],
    operands: '<name>',
    describe: 'take an account away, and leave its files',
    arity: [1, 1],
    flags: USER_FLAGS,
    load: async () => (await import('./commands/user.ts')).removeUser,
  },
];

const KEY_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'keygen',
    aliases: [],
    operands: '',
    describe: 'make a key to log in with',
    arity: [0, 0],
    flags: KEYGEN_FLAGS,
    load: async () => (await import('./commands/keygen.ts')).keygen,
  },
  {
    name: 'hostkey show',
    aliases: ['hostkey'],
    operands: '',
    describe: "show the server's fingerprint, and addresses that carry it",
    arity: [0, 0],
    flags: HOSTKEY_SHOW_FLAGS,
    load: async () => (await import('./commands/hostkey.ts')).showHostKey,
  },
  {
    name: 'hostkey next',
    aliases: [],
    operands: '',
    describe: 'make the key that the server will have, and announce it until then',
    arity: [0, 0],
    flags: USER_FLAGS,
    load: async () => (await import('./commands/hostkey.ts')).makeNextHostKey,
  },
  {
    name: 'hostkey rotate',
    aliases: [],
    operands: '',
    describe: 'let the announced key be the key from the next start on',
    arity: [0, 0],
    flags: USER_FLAGS,
    load: async () => (await import('./commands/hostkey.ts')).rotateToNextHostKey,
  },
  {
    name: 'hostkey trust',
    aliases: [],
    operands: '<address;fp=FINGERPRINT>',
    describe: 'trust a server by its fingerprint, before the first contact',
    arity: [1, 1],
    flags: TRUST_FLAGS,
    load: async () => (await import('./commands/hostkey.ts')).trustHostKey,
  },
  {
    name: 'hostkey forget',
    aliases: [],
    operands: '<host[:port]>',
    describe: 'trust the keys of a server no longer',
    arity: [1, 1],
    flags: TRUST_FLAGS,
    load: async () => (await import('./commands/hostkey.ts')).forgetHostKey,
  },
];

const PARTIAL_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'partials list',
    aliases: ['partials'],
    operands: '',
    describe: 'show transfers of single files that broke off and can go on',
    arity: [0, 0],
    flags: OUTPUT_FLAGS,
    load: async () => (await import('./commands/partials.ts')).listBroken,
  },
  {
    name: 'partials rm',
    aliases: [],
    operands: '[local]',
    describe: 'forget what broke off, of one local file or of all',
    arity: [0, 1],
    flags: OUTPUT_FLAGS,
    load: async () => (await import('./commands/partials.ts')).removeBroken,
  },
];

/** What the words stand for that other commands begin with. */
export const COMMAND_GROUPS: Readonly<Record<string, string>> = {
  hostkey: 'who servers are: show, next, rotate, trust, forget',
  partials: 'transfers that broke off: list, rm',
  user: 'accounts: add, passwd, key, set, show, list, rm',
};

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
    describe: 'fetch a file, with -r a folder; a local of - is standard output',
    arity: [1, 2],
    flags: TREE_FLAGS,
    load: async () => (await import('./commands/get.ts')).get,
  },
  {
    name: 'post',
    aliases: ['put'],
    operands: '<local> <address>',
    describe: 'send a file, with -r a folder; a local of - is standard input',
    arity: [2, 2],
    flags: TREE_FLAGS,
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
  {
    name: 'bench',
    aliases: [],
    operands: '',
    describe: 'measure transfers over an emulated link on this machine; needs no root',
    arity: [0, 0],
    flags: BENCH_FLAGS,
    load: async () => (await import('./commands/bench.ts')).bench,
  },
  ...NAME_COMMANDS,
  ...KEY_COMMANDS,
  ...PARTIAL_COMMANDS,
  ...ACCOUNT_COMMANDS,
];

/** Names of the flags of `command`. */
export function flagNames(command: CommandSpec): readonly FlagName[] {
  return Object.keys(command.flags) as FlagName[];
}
