/** The shell: what stays from one command to the next, apart from where its lines come from. */
import { asError, EXIT, LftpError } from '../service/error.ts';
import { ANONYMOUS } from '../service/accounts/account-name.ts';
import { displayText } from '../service/display.ts';
import { perform } from '../service/operations/client-operations.ts';
import type { Operation } from '../service/operations/client-operations.ts';
import { pathText } from '../service/path.ts';
import type { RemotePath } from '../service/path.ts';
import { ERROR } from '../wire/codes.ts';
import { hostAndPort } from './address.ts';
import { openConnection, untilEntered } from './connection.ts';
import type { Opened } from './connection.ts';
import type { CommandContext } from './command-table.ts';
import type { Output } from './output.ts';
import { type Person, personAtTerminal } from './person.ts';
import type { Target } from './secure-dial.ts';
import type { ShellCommand } from './shell-command.ts';
import { findCommand, SHELL_COMMANDS } from './shell-commands.ts';
import { runLocally } from './shell-local.ts';
import { resolvePath } from './shell-path.ts';
import type { TypedPath } from './shell-path.ts';
import { splitWords } from './shell-words.ts';
import type { TransferContext } from './transfer.ts';
import { UsageError } from './usage-error.ts';

/** What a person has switched on or off. */
export interface ShellModes {
  /** Ask before each file of `mget`, `mput` and `mdelete`. */
  isPrompting: boolean;
  /** Show each operation. */
  isDebugging: boolean;
  /** Line ends of files that are sent become line feeds. */
  isText: boolean;
}

export class Shell {
  /** True after `stop`. */
  isOver = false;
  /** Who can be asked about host keys and passwords. */
  person: Person | undefined;
  /** Lends the terminal to another program, and takes it back. */
  lendTerminal: ((work: () => Promise<void>) => Promise<void>) | undefined;
  readonly modes: ShellModes = { isPrompting: true, isDebugging: false, isText: false };
  readonly commands = SHELL_COMMANDS;
  readonly context: CommandContext;
  /** Who the next connection logs in as. */
  user: string | undefined;
  target: Target | undefined;
  opened: Opened | undefined;
  /** Where relative paths begin, and where they began before the last `cd`. */
  cwd: RemotePath = [];
  previous: RemotePath = [];
  private job: AbortController | undefined;
  /** Where the command that runs now speaks. */
  private speaker: Output;

  constructor(context: CommandContext) {
    this.context = context;
    this.person = personAtTerminal(context.interrupts);
    this.speaker = context.output;
  }

  get output(): Output {
    return this.speaker;
  }

  get prompt(): string {
    if (this.target === undefined || !this.isConnected) return 'lftp> ';
    const { user = ANONYMOUS, host } = this.target;
    return `${displayText(user)}@${displayText(host)}:${pathText(this.cwd)}> `;
  }

  get isConnected(): boolean {
    return this.opened !== undefined && !this.opened.link.channel.isClosed;
  }

  /**
   * Runs the commands of one line. A line that begins with `-` may fail; one that begins with `!`
   * is for the shell of this machine.
   * @param goesOn false: stop at the first that fails
   * @returns the exit code of the first that failed, or 0
   */
  async execute(line: string, goesOn: boolean): Promise<number> {
    const text = line.trimStart();
    if (text.startsWith('-')) {
      await this.execute(text.slice(1), true);
      return EXIT.OK;
    }
    if (text.startsWith('!')) return await this.attempt(() => runLocally(this, text.slice(1)));
    const split = splitWords(text);
    if (!split.ok) return this.report(new UsageError(split.fault));
    let first: number = EXIT.OK;
    for (const [name = '', ...words] of split.commands) {
      const code = await this.attempt(() => this.run(name, words));
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

  /** @throws LftpError */
  async connectTo(target: Target): Promise<void> {
    const { flags, output } = this.context;
    await this.drop();
    const { person, user } = this;
    const known: Target = { ...target, user: target.user ?? user };
    const signal = this.signal();
    this.opened = await openConnection({ target: known, flags, output, person }, signal);
    try {
      await untilEntered(this.opened, signal);
    } catch (error) {
      await this.drop();
      throw error;
    }
    this.target = known;
    this.cwd = [];
    this.previous = [];
    output.say(`Connected to ${hostAndPort(target.host, target.port)}`);
  }

  /** What the connection is, if there is one. @throws UsageError, or why it ended */
  requireConnection(): Opened {
    if (this.opened !== undefined && this.isConnected) return this.opened;
    // A connection that ended by itself deserves to be told why.
    const end = this.opened?.session.error;
    if (end === undefined) {
      throw new UsageError('Not connected.', 'Please connect first: connect IP PORT');
    }
    throw new LftpError(end.code, end.where, `Not connected. ${end.message}`, {
      hint: 'Please connect first: connect IP PORT',
    });
  }

  transferContext(): TransferContext {
    const { session } = this.requireConnection();
    const { flags } = this.context;
    const { output } = this;
    return { session, flags, output, signal: this.signal(), startedMs: performance.now() };
  }

  /** For as long as this command runs: standard output carries the bytes of a file. */
  speakBesideFile(): void {
    // As for a single `get … -`: events and bytes of a file must not share a stream.
    this.speaker = this.speaker.besideFile();
  }

  /** @throws LftpError */
  async perform<T>(operation: Operation<T>): Promise<T> {
    const { session } = this.requireConnection();
    this.note(operation.request(0).op, operation.path);
    return await perform(session, operation);
  }

  /** What `debug` shows of an operation. */
  note(op: string, path: RemotePath): void {
    if (this.modes.isDebugging) this.output.say(`---> ${op} ${pathText(path)}`);
  }

  resolve(text: string): TypedPath {
    return resolvePath(this.cwd, text);
  }

  /**
   * The argument at `index`. One that is missing is asked for once.
   * @throws UsageError when nobody answers
   */
  async argument(words: readonly string[], index: number, label: string): Promise<string> {
    const typed = words[index] ?? (await this.person?.ask(`(${label}) `, this.signal()))?.trim();
    if (typed !== undefined && typed !== '') return typed;
    throw new UsageError(`the ${label} is missing`);
  }

  signal(): AbortSignal {
    const outer = this.context.interrupts.signal;
    return this.job === undefined ? outer : AbortSignal.any([outer, this.job.signal]);
  }

  /** By its name, or by enough of it. @throws UsageError */
  commandOf(name: string): ShellCommand {
    return findCommand(this.commands, name);
  }

  /** Tells of an error after which the command goes on. @returns its code */
  report(thrown: unknown): number {
    const error =
      thrown instanceof LftpError
        ? thrown
        : new LftpError(EXIT.OTHER, 'local', asError(thrown).message, { cause: thrown });
    // What ends the whole program is told once, at its end.
    if (error !== this.context.interrupts.reason) this.output.error(error);
    return error.code;
  }

  private async run(name: string, words: readonly string[]): Promise<void> {
    // Behind a semicolon its quotes are gone: a line that begins with ! is handed over as it is.
    if (name.length > 1 && name.startsWith('!')) {
      await runLocally(this, [name.slice(1), ...words].join(' '));
      return;
    }
    const command = this.commandOf(name);
    if (command.isRemote) this.requireConnection();
    try {
      await command.run(this, words);
    } catch (error) {
      if (!(error instanceof UsageError) || error.hint !== undefined) throw error;
      throw new UsageError(error.message, `usage: ${command.names[0] ?? ''} ${command.operands}`);
    }
  }

  private async attempt(work: () => Promise<void>): Promise<number> {
    this.job = new AbortController();
    try {
      await work();
      return EXIT.OK;
    } catch (error) {
      return this.report(this.job.signal.aborted ? this.job.signal.reason : error);
    } finally {
      this.job = undefined;
      this.speaker = this.context.output;
    }
  }
}
