/**
 * What a command says: events as JSON lines for programs, text for people.
 *
 * Events go to standard output, text to standard error. When standard output carries the file
 * itself, events take the place of the text.
 */
import { displayJson, displayLines, displayText } from '../service/display.ts';
import { codeName, EXIT } from '../service/error.ts';
import type { LftpError } from '../service/error.ts';
import { nextStep } from './next-step.ts';

/** Version of the event format: raised when a field changes its meaning. */
export const EVENT_VERSION = 1;

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: number;
  /** True: standard output carries file bytes. */
  readonly isStdoutTaken: boolean;
}

/** Where lines go; `process.stdout` and `process.stderr` fit. */
export interface TextSink {
  write(text: string): unknown;
}

/** Gets every event too; the log file is one. */
export type EventTap = (event: string, fields: object) => void;

export class Output {
  readonly options: OutputOptions;
  private readonly stdout: TextSink;
  private readonly stderr: TextSink;
  private readonly nowMs: () => number;
  private readonly taps: EventTap[] = [];

  constructor(options: OutputOptions, stdout: TextSink, stderr: TextSink, nowMs = Date.now) {
    this.options = options;
    this.stdout = stdout;
    this.stderr = stderr;
    this.nowMs = nowMs;
  }

  /** Text for people is wanted, and standard error is free for it. */
  get isForPeople(): boolean {
    return !(this.options.json && this.options.isStdoutTaken);
  }

  tap(tap: EventTap): void {
    this.taps.push(tap);
  }

  /** The same, for as long as standard output carries the bytes of a file. */
  besideFile(): Output {
    return this.changed({ ...this.options, isStdoutTaken: true }, this.nowMs);
  }

  /** The same in another time, which may be virtual; ms. */
  withClock(nowMs: () => number): Output {
    return this.changed(this.options, nowMs);
  }

  private changed(options: OutputOptions, nowMs: () => number): Output {
    const changed = new Output(options, this.stdout, this.stderr, nowMs);
    for (const tap of this.taps) changed.tap(tap);
    return changed;
  }

  event(event: string, fields: object): void {
    for (const tap of this.taps) tap(event, fields);
    if (!this.options.json) return;
    const line = JSON.stringify({ v: EVENT_VERSION, event, t: this.nowMs() / 1000, ...fields });
    (this.options.isStdoutTaken ? this.stderr : this.stdout).write(`${displayJson(line)}\n`);
  }

  /** A line for people, unless they want silence. */
  say(text: string): void {
    if (!this.options.quiet && this.isForPeople) this.stderr.write(`${displayLines(text)}\n`);
  }

  /** What a question is about: who is asked must see it, also with --quiet. */
  ask(text: string): void {
    if (this.isForPeople) this.stderr.write(`${displayLines(text)}\n`);
  }

  /** A line for people who asked for more. */
  detail(text: string): void {
    if (this.options.verbose > 0) this.say(text);
  }

  /** What somebody asked to see: on standard output unless events flow there. */
  show(text: string): void {
    const isFree = !this.options.json && !this.options.isStdoutTaken;
    (isFree ? this.stdout : this.stderr).write(`${displayLines(text)}\n`);
  }

  /** The log takes no more. The command goes on, so this is neither silenced nor an error. */
  logFault({ path = '', message }: LftpError): void {
    this.event('warning', { path: displayText(path), message });
    if (!this.isForPeople) return;
    const text = `${displayText(path)}: ${displayText(message)}`;
    this.stderr.write(`lftp: ${text}; going on without the log\n`);
  }

  /** How a command is used, after an error about that. */
  explain(usage: string): void {
    if (this.isForPeople) this.stderr.write(`\n${displayLines(usage)}\n`);
  }

  /** What happened, where, and the next step. */
  error(error: LftpError): void {
    // Whoever closed the output does not want to hear about it.
    if (error.code === EXIT.STDOUT_CLOSED) return;
    const { code, where, message } = error;
    const path = error.path === undefined ? null : displayText(error.path);
    const hint = nextStep(error);
    this.event('error', { code, name: codeName(code), where, path, message, hint });
    if (!this.isForPeople) return;
    const subject = path === null ? '' : `${path}: `;
    const place = where === 'remote' ? ' (on the server)' : '';
    this.stderr.write(`lftp: ${subject}${displayText(message)}${place}\n`);
    if (hint !== '') this.stderr.write(`      ${displayText(hint)}\n`);
  }
}
