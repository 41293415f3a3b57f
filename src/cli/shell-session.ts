/** Commands about the connection and about the shell itself. */
import { ANONYMOUS, accountNameFault } from '../service/accounts/account-name.ts';
import type { ClientLink } from '../io/connect.ts';
import { fingerprintOf } from '../service/identity/keys.ts';
import { asError } from '../service/error.ts';
import { displayText } from '../service/display.ts';
import { PING, WHO_AM_I } from '../service/operations/client-operations.ts';
import { RAW_OPERATIONS, rawAnswer, rawOperation } from '../service/operations/raw-operation.ts';
import { hostAndPort, parseAddress, parseHost, parsePort } from './address.ts';
import type { Target } from './secure-dial.ts';
import type { ShellCommand } from './shell-command.ts';
import { helpOf } from './shell-help.ts';
import { modesText, rightText, statusText } from './shell-status.ts';
import type { StatusIdentity } from './shell-status.ts';
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
    names: ['status'],
    operands: '',
    describe: 'tell about the connection and the server',
    isRemote: false,
    run: status,
  },
  {
    names: ['system'],
    operands: '',
    describe: 'tell what the server is',
    isRemote: true,
    run: system,
  },
  {
    names: ['whoami'],
    operands: '',
    describe: 'tell whom the server takes you for',
    isRemote: true,
    run: whoAmI,
  },
  {
    names: ['ping'],
    operands: '',
    describe: 'tell how long an answer takes',
    isRemote: true,
    run: ping,
  },
  {
    names: ['quote', 'literal'],
    operands: 'OPERATION [NAME] [FIELD=VALUE…]',
    describe: 'ask for an operation, show the bare answer',
    isRemote: true,
    run: quote,
  },
  {
    names: ['remotehelp'],
    operands: '',
    describe: 'list the operations for quote',
    isRemote: true,
    run: remoteHelp,
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

async function status(shell: Shell): Promise<void> {
  const { output, opened, target, modes } = shell;
  if (!shell.isConnected || opened === undefined || target === undefined) {
    output.event('status', { connected: false });
    output.show(`${modesText(modes)}\nNot connected.`);
    return;
  }
  const { session, link } = opened;
  const server = await session.status();
  const stats = link.channel.stats();
  const { host, port } = target;
  output.event('status', { connected: true, host, port, clients: server.clients, ...stats });
  output.show(statusText(hostAndPort(host, port), identity(target, link), server, stats));
  output.show(modesText(modes));
}

function identity({ user: name }: Target, { channel }: ClientLink): StatusIdentity {
  const publicKey = channel.identity?.publicKey;
  const fingerprint = publicKey === undefined ? undefined : fingerprintOf(publicKey);
  return { user: name ?? ANONYMOUS, fingerprint };
}

async function system(shell: Shell): Promise<void> {
  const { version } = await shell.requireConnection().session.status();
  shell.output.show(`lftp-udp ${displayText(version, 40)}`);
}

async function whoAmI(shell: Shell): Promise<void> {
  const { account, access } = await shell.perform(WHO_AM_I);
  shell.output.event('identity', { account, access });
  if (!shell.output.options.json)
    shell.output.show(`${displayText(account)}, ${rightText(access)}`);
}

async function ping(shell: Shell): Promise<void> {
  const startedMs = performance.now();
  await shell.perform(PING);
  const rttMs = performance.now() - startedMs;
  shell.output.event('pong', { rttMs });
  if (!shell.output.options.json) shell.output.show(`answered after ${rttMs.toFixed(1)} ms`);
}

/** `quote rename one to=two`: names are paths as elsewhere in the shell. */
async function quote(shell: Shell, words: readonly string[]): Promise<void> {
  const op = await shell.argument(words, 0, 'operation');
  const fields: Record<string, unknown> = { path: shell.cwd };
  for (const word of words.slice(1)) {
    const [, name, value = ''] = /^(\w+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined) fields['path'] = shell.resolve(word).path;
    else fields[name] = name === 'to' ? shell.resolve(value).path : literalOf(value);
  }
  const request = rawOperation(op, fields);
  shell.note(op, shell.cwd);
  shell.output.show(rawAnswer(await shell.requireConnection().session.ask(request)));
}

/** `true`, `false` and numbers mean themselves, all else is text. */
function literalOf(value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

function remoteHelp(shell: Shell): Promise<void> {
  shell.output.show(RAW_OPERATIONS.join('\n'));
  return Promise.resolve();
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
