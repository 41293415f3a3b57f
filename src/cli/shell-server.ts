/** Commands that ask the server about itself, the connection and raw operations. */
import type { ClientLink } from '../io/connect.ts';
import { ANONYMOUS } from '../service/accounts/account-name.ts';
import { displayText } from '../service/display.ts';
import { fingerprintOf } from '../service/identity/keys.ts';
import { PING, WHO_AM_I } from '../service/operations/client-operations.ts';
import { RAW_OPERATIONS, rawAnswer, rawOperation } from '../service/operations/raw-operation.ts';
import { hostAndPort } from './address.ts';
import type { Target } from './secure-dial.ts';
import type { ShellCommand } from './shell-command.ts';
import { modesText, rightText, statusText } from './shell-status.ts';
import type { StatusIdentity } from './shell-status.ts';
import type { Shell } from './shell.ts';

export const SERVER_COMMANDS: readonly ShellCommand[] = [
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
];

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
