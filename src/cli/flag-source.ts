/** What was given for the flags of one command, read flag by flag; faults name where they are. */
import { parseFingerprint } from '../crypto/fingerprint.ts';
import { displayText } from '../service/display.ts';
import { parsePort } from './address.ts';
import { flagVariable } from './flags.ts';
import type { FlagName } from './flags.ts';
import { parseDuration } from './units.ts';
import { UsageError } from './usage-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the parser found for each flag; absent ones are undefined. */
export type RawFlags = Readonly<Record<string, unknown>>;

export class FlagSource {
  private readonly raw: RawFlags;
  private readonly environment: Environment;
  private readonly known: readonly FlagName[];

  constructor(raw: RawFlags, environment: Environment, known: readonly FlagName[]) {
    this.raw = raw;
    this.environment = environment;
    this.known = known;
  }

  text(name: FlagName): string | undefined {
    const value = this.raw[name];
    if (value === undefined) return this.variable(name);
    if (typeof value === 'string' && value !== '') return value;
    throw this.fault(name, 'it needs a value');
  }

  isSet(name: FlagName): boolean {
    const value = this.raw[name];
    if (value !== undefined) return value === true;
    const text = this.variable(name)?.toLowerCase() ?? '0';
    if (['1', 'true', 'yes', 'on'].includes(text)) return true;
    if (['0', 'false', 'no', 'off'].includes(text)) return false;
    throw this.fault(name, `${quote(text)} is neither 1 nor 0`);
  }

  count(name: FlagName): number {
    const value = this.raw[name];
    // The parser says 0 when the flag is not there.
    if (typeof value === 'number' && value > 0) return value;
    const text = this.variable(name);
    return text === undefined ? 0 : this.naturalOf(name, text);
  }

  choice<T extends string>(name: FlagName, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw this.fault(name, `${quote(text)} is none of ${choices.join(', ')}`);
  }

  duration(name: FlagName): number | undefined {
    return this.parsed(name, parseDuration, 'time such as 30s, 2m or 1h');
  }

  /** A value of any kind. @param parse undefined for what is none; @param what is said then */
  parsed<T>(name: FlagName, parse: (text: string) => T | undefined, what: string): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value !== undefined) return value;
    throw this.fault(name, `${quote(text)} is no ${what}`);
  }

  /** Several values between commas, each once. */
  choices<T extends string>(name: FlagName, choices: readonly T[]): readonly T[] | undefined {
    const words = this.text(name)?.split(',');
    if (words === undefined) return undefined;
    const found = words.map((word) => {
      const choice = choices.find((entry) => entry === word.trim());
      if (choice !== undefined) return choice;
      throw this.fault(name, `${quote(word)} is none of ${choices.join(', ')}`);
    });
    return [...new Set(found)];
  }

  fingerprint(name: FlagName): string | undefined {
    const text = this.text(name);
    if (text === undefined || parseFingerprint(text) !== undefined) return text;
    throw this.fault(name, `${quote(text)} is none: it is SHA256: and 43 letters`);
  }

  port(name: FlagName): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : parsePort(text, 0);
  }

  natural(name: FlagName): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.naturalOf(name, text);
  }

  private naturalOf(name: FlagName, text: string): number {
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw this.fault(name, `${quote(text)} is not a whole number`);
  }

  private variable(name: FlagName): string | undefined {
    if (!this.known.includes(name)) return undefined;
    const value = this.environment[flagVariable(name)];
    return value === '' ? undefined : value;
  }

  private fault(name: FlagName, what: string): UsageError {
    const from = this.raw[name] === undefined ? flagVariable(name) : `--${name}`;
    return new UsageError(`${from}: ${what}`);
  }
}

function quote(text: string): string {
  return `"${displayText(text, 100)}"`;
}
