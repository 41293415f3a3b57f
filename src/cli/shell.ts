/** The shell's commands, apart from where their lines come from. */
import { ANONYMOUS } from '../service/accounts/account-name.ts';
import type { ClientLink } from '../io/connect.ts';
import { fingerprintOf } from '../service/identity/keys.ts';
import { asError, EXIT, LftpError } from '../service/error.ts';
import { displayText } from '../service/display.ts';
import { ERROR } from '../wire/codes.ts';
import { hostAndPort, parseAddress, parseHost, parsePath, parsePort } from './address.ts';
import { planGet } from './commands/get.ts';
import { planPost } from './commands/post.ts';
import { openConnection, untilEntered } from './connection.ts';
import type { Opened } from './connection.ts';
import type { CommandContext } from './command-table.ts';
import type { Output } from './output.ts';
import { type Person, personAtTerminal } from './person.ts';
import type { Target } from './secure-dial.ts';
import { statusText } from './shell-status.ts';
import type { StatusIdentity } from './shell-status.ts';
import { splitWords } from './shell-words.ts';
import { runGet, runPost } from './transfer.ts';
import type { TransferContext } from './transfer.ts';
import { UsageError } from './usage-error.ts';

/** The founding documents let people choose a port from here on. */
export const LEAST_SHELL_PORT = 2000;

const INSTRUCTIONS = [
  'connect IP PORT       open a connection (also: connect lftp://host:port/)',
  'get NAME [LOCAL]      fetch a file; a LOCAL of - shows it',
  'post LOCAL [NAME]     send a file',
  'status                tell about the connection and the server',
  'disconnect            close the connection',
  'stop                  close the connection and leave',
  'instructions, help    show this',
].join('\n');

type Execute = (words: readonly string[]) => Promise<void>;

export class Shell {
  /** True after `stop`. */
  isOver = false;
  /** Who can be asked about host keys and passwords. */
  person: Person | undefined;
  private readonly context: CommandContext;
  private target: Target | undefined;
  private opened: Opened | undefined;
  private job: AbortController | undefined;
  /** Where the command that runs now speaks. */
  private output: Output;
  private readonly commands: ReadonlyMap<string, Execute>;

  constructor(context: CommandContext) {
    this.context = context;
    this.person = personAtTerminal(context.interrupts);
    this.output = context.output;
    const help: Execute = () => {
      context.output.show(INSTRUCTIONS);
      return Promise.resolve();
    };
    this.commands = new Map<string, Execute>([
      ['connect', (words) => this.connect(words)],
      ['get', (words) => this.get(words)],
      ['post', (words) => this.post(words)],
      ['status', () => this.status()],
      ['disconnect', () => this.disconnect()],
      ['stop', () => this.stop()],
      ['instructions', help],
      ['help', help],
    ]);
  }

  get prompt(): string {
    if (this.target === undefined || !this.isConnected) return 'lftp> ';
    const { user = ANONYMOUS, host } = this.target;
    return `${displayText(user)}@${displayText(host)}:/> `;
  }

  get isConnected(): boolean {
    return this.opened !== undefined && !this.opened.link.channel.isClosed;
  }

  /**
   * Runs the commands of one line.
   * @param goesOn false: stop at the first that fails
   * @returns the exit code of the first that failed, or 0
   */
  async execute(line: string, goesOn: boolean): Promise<number> {
    const split = splitWords(line);
    if (!split.ok) return this.report(new UsageError(split.fault));
    let first: number = EXIT.OK;
    for (const words of split.commands) {
      const code = await this.executeOne(words);
      if (first === EXIT.OK) first = code;
      if (this.isOver || (code !== EXIT.OK && !goesOn)) break;
    }
    return first;
  }

  /** Ctrl-C: stops the job that runs. False when there is none. */
  interrupt(): boolean {
    if (this.job === undefined) return false;
    if (this.job.signal.aborted) void this.drop();
    this.job.abort(new LftpError(EXIT.INTERRUPTED, 'local', 'interrupted'));
    return true;
  }

  /** Ends the connection in order. */
  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    if (opened === undefined) return;
    await opened.session.finish();
    opened.link.close();
  }

  /** Ends the connection at once; whatever waits for it fails. */
  async drop(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    if (opened === undefined) return;
    await opened.session.abort(ERROR.CANCELLED);
    opened.link.close();
  }

  private async executeOne(words: readonly string[]): Promise<number> {
    const [name = '', ...rest] = words;
    const command = this.commands.get(name.toLowerCase());
    this.job = new AbortController();
    try {
      if (command === undefined) {
        throw new UsageError(`there is no command "${displayText(name, 100)}"`, 'Try help.');
      }
      await command(rest);
      return EXIT.OK;
    } catch (error) {
      return this.report(this.job.signal.aborted ? this.job.signal.reason : error);
    } finally {
      this.job = undefined;
      this.output = this.context.output;
    }
  }

  private async connect(words: readonly string[]): Promise<void> {
    if (this.isConnected && this.target !== undefined) {
      const where = hostAndPort(this.target.host, this.target.port);
      throw new UsageError(
        `The connection has been established: ${where}`,
        'Use disconnect first.',
      );
    }
    await this.connectTo(targetOf(words));
  }

  /** @throws LftpError */
  async connectTo(target: Target): Promise<void> {
    const { flags, output } = this.context;
    await this.drop();
    const { person } = this;
    const signal = this.signal();
    this.opened = await openConnection({ target, flags, output, person }, signal);
    try {
      await untilEntered(this.opened, signal);
    } catch (error) {
      await this.drop();
      throw error;
    }
    this.target = target;
    output.say(`Connected to ${hostAndPort(target.host, target.port)}`);
  }

  private async get(words: readonly string[]): Promise<void> {
    this.requireConnection();
    const [name, local] = operands(words, 1, 2, 'get NAME [LOCAL]');
    // As for a single `get … -`: events and bytes of a file must not share a stream.
    if (local === '-') this.output = this.output.besideFile();
    const context = this.transferContext();
    const onError = (error: Error): void => this.context.interrupts.onOutputError(error);
    const job = await planGet(parsePath(name ?? ''), local, context.flags, onError);
    await runGet(context, job);
  }

  private async post(words: readonly string[]): Promise<void> {
    const context = this.transferContext();
    const [local = '', name = ''] = operands(words, 1, 2, 'post LOCAL [NAME]');
    // The lines of a script come from there as well.
    if (local === '-') throw new UsageError('the shell itself reads standard input');
    const job = await planPost(local, parsePath(name));
    try {
      await runPost(context, job);
    } finally {
      await job.source.close();
    }
  }

  private async status(): Promise<void> {
    const { output } = this.context;
    if (!this.isConnected || this.opened === undefined || this.target === undefined) {
      output.event('status', { connected: false });
      output.show('Not connected.');
      return;
    }
    const { session, link } = this.opened;
    const server = await session.status();
    const stats = link.channel.stats();
    const { host, port } = this.target;
    output.event('status', { connected: true, host, port, clients: server.clients, ...stats });
    output.show(statusText(hostAndPort(host, port), this.identity(link), server, stats));
  }

  private identity({ channel }: ClientLink): StatusIdentity {
    const publicKey = channel.identity?.publicKey;
    const fingerprint = publicKey === undefined ? undefined : fingerprintOf(publicKey);
    return { user: this.target?.user ?? ANONYMOUS, fingerprint };
  }

  private async disconnect(): Promise<void> {
    this.requireConnection();
    await this.close();
    this.context.output.say('Disconnected');
  }

  private async stop(): Promise<void> {
    this.isOver = true;
    await this.close();
  }

  private transferContext(): TransferContext {
    const { session } = this.requireConnection();
    const { flags } = this.context;
    const { output } = this;
    return { session, flags, output, signal: this.signal(), startedMs: performance.now() };
  }

  private requireConnection(): Opened {
    if (this.opened !== undefined && this.isConnected) return this.opened;
    // A connection that ended by itself deserves to be told why.
    const end = this.opened?.session.error;
    if (end === undefined) throw new UsageError('Please connect first', 'connect IP PORT');
    throw new LftpError(end.code, end.where, `Please connect first: ${end.message}`);
  }

  private signal(): AbortSignal {
    const outer = this.context.interrupts.signal;
    return this.job === undefined ? outer : AbortSignal.any([outer, this.job.signal]);
  }

  private report(thrown: unknown): number {
    const error =
      thrown instanceof LftpError
        ? thrown
        : new LftpError(EXIT.OTHER, 'local', asError(thrown).message, { cause: thrown });
    // What ends the whole program is told once, at its end.
    if (error !== this.context.interrupts.reason) this.output.error(error);
    return error.code;
  }
}

/**
 * `IP PORT` as the founding documents have it, or one address.
 * @throws UsageError
 */
export function targetOf(words: readonly string[]): Target {
  const [first = '', second] = operands(words, 1, 2, 'connect IP PORT, or connect ADDRESS');
  if (second === undefined) {
    const { host, port, user, fingerprint, path } = parseAddress(first);
    if (path.length === 0) return { host, port, user, fingerprint };
    throw new UsageError(`the shell starts at the served folder, not in "${displayText(first)}"`);
  }
  return { host: tryAgain(() => parseHost(first)), port: tryAgain(() => shellPort(second)) };
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

function operands(
  words: readonly string[],
  least: number,
  most: number,
  usage: string,
): readonly string[] {
  if (words.length >= least && words.length <= most) return words;
  throw new UsageError(`usage: ${usage}`);
}
