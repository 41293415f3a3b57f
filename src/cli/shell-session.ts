/** Commands about the connection and about the shell itself. */
import { ANONYMOUS, accountNameFault } from '../service/accounts/account-name.ts';
import { asError } from '../service/error.ts';
import { displayText } from '../service/display.ts';
import { hostAndPort, parseAddress, parseHost, parsePort } from './address.ts';
import type { Target } from './secure-dial.ts';
import type { ShellCommand } from './shell-command.ts';
import { helpOf } from './shell-help.ts';
import type { Shell, ShellModes } from './shell.ts';
import { UsageError } from './usage-error.ts';

/** The founding documents let people choose a port from here on. */
export const LEAST_SHELL_PORT = 2000;

export const SESSION_COMMANDS: readonly ShellCommand[] = [
  {
    names: ['connect', 'open'],
    operands: 'IP PORT | ADDRESS',
    describe: 'open a connection',
    isRemote: false,
    run: connect,
  },
  {
    names: ['user'],
    operands: 'NAME',
    describe: 'log in under that name from the next connection on',
    isRemote: false,
    run: user,
  },
  {
    names: ['disconnect', 'close'],
    operands: '',
    describe: 'close the connection',
    isRemote: true,
    run: disconnect,
  },
  {
    names: ['stop', 'bye', 'exit', 'quit'],
    operands: '',
    describe: 'close the connection and leave',
    isRemote: false,
    run: async (shell) => {
      shell.isOver = true;
      await shell.close();
    },
  },
  {
    names: ['prompt'],
    operands: '',
    describe: 'ask before each of several files, or do not',
    isRemote: false,
    run: (shell) => toggle(shell, 'isPrompting', 'prompt'),
  },
  {
    names: ['debug'],
    operands: '',
    describe: 'show each operation, or do not',
    isRemote: false,
    run: (shell) => toggle(shell, 'isDebugging', 'debug'),
  },
  {
    names: ['type'],
    operands: '[ascii | binary]',
    describe: 'tell or choose how files are sent',
    isRemote: false,
    run: chooseType,
  },
  {
    names: ['ascii'],
    operands: '',
    describe: 'line ends of files that are sent become LF',
    isRemote: false,
    run: (shell) => chooseType(shell, ['ascii']),
  },
  {
    names: ['binary'],
    operands: '',
    describe: 'files are sent as they are',
    isRemote: false,
    run: (shell) => chooseType(shell, ['binary']),
  },
  {
    names: ['passive'],
    operands: '',
    describe: 'say why there is no such mode here',
    isRemote: false,
    run: passive,
  },
  {
    names: ['help', 'instructions', '?'],
    operands: '[COMMAND]',
    describe: 'show this',
    isRemote: false,
    run: help,
  },
];

/**
 * `IP PORT` as the founding documents have it, or one address.
 * @throws UsageError
 */
export function targetOf(words: readonly string[]): Target {
  const [first = '', second] = words;
  if (words.length < 1 || words.length > 2) {
    throw new UsageError('usage: connect IP PORT, or connect ADDRESS');
  }
  if (second === undefined) {
    const { host, port, user: name, fingerprint, path } = parseAddress(first);
    if (path.length === 0) return { host, port, user: name, fingerprint };
    throw new UsageError(`the shell starts at the served folder, not in "${displayText(first)}"`);
  }
  return { host: tryAgain(() => parseHost(first)), port: tryAgain(() => shellPort(second)) };
}

async function connect(shell: Shell, words: readonly string[]): Promise<void> {
  const { target } = shell;
  if (shell.isConnected && target !== undefined) {
    const where = hostAndPort(target.host, target.port);
    throw new UsageError(
      `Already connected to ${where}, use close first.`,
      'The connection has been established.',
    );
  }
  await shell.connectTo(targetOf([await shell.argument(words, 0, 'to'), ...words.slice(1)]));
}

function shellPort(text: string): number {
  const port = parsePort(text);
  if (port >= LEAST_SHELL_PORT) return port;
  throw new UsageError(`the port ${port} is not from ${LEAST_SHELL_PORT} to 65535`);
}

function tryAgain<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(`${asError(error).message}, please try again`, 'connect IP PORT');
  }
}

/** A session has one user, and no password is ever typed into a command. */
async function user(shell: Shell, words: readonly string[]): Promise<void> {
  const name = await shell.argument(words, 0, 'username');
  if (words.length > 1) {
    throw new UsageError('a password is no argument', 'It is asked for when one connects.');
  }
  if (shell.isConnected) {
    const present = displayText(shell.target?.user ?? ANONYMOUS);
    throw new UsageError(
      `Already logged in as ${present}, use close first.`,
      'Then connect again.',
    );
  }
  const fault = name === ANONYMOUS ? undefined : accountNameFault(name);
  if (fault !== undefined) throw new UsageError(`no account can be called that: ${fault}`);
  shell.user = name;
  shell.output.say(`The next connection logs in as ${name}`);
}

async function disconnect(shell: Shell): Promise<void> {
  await shell.close();
  shell.output.say('Disconnected');
}

function toggle(shell: Shell, mode: keyof ShellModes, name: string): Promise<void> {
  shell.modes[mode] = !shell.modes[mode];
  shell.output.say(`${name} is ${shell.modes[mode] ? 'on' : 'off'}`);
  return Promise.resolve();
}

function chooseType(shell: Shell, words: readonly string[]): Promise<void> {
  const [type] = words;
  if (words.length > 1) throw new UsageError('type takes one of ascii and binary');
  if (type !== undefined && type !== 'ascii' && type !== 'binary') {
    throw new UsageError(`"${displayText(type, 40)}" is neither ascii nor binary`);
  }
  if (type !== undefined) shell.modes.isText = type === 'ascii';
  shell.output.say(`type is ${shell.modes.isText ? 'ascii' : 'binary'}`);
  return Promise.resolve();
}

function passive(shell: Shell): Promise<void> {
  shell.output.show('Everything goes through one UDP port: nothing here is active or passive.');
  return Promise.resolve();
}

function help(shell: Shell, words: readonly string[]): Promise<void> {
  const named = words.map((word) => shell.commandOf(word));
  shell.output.show(helpOf(words.length === 0 ? shell.commands : named));
  return Promise.resolve();
}
