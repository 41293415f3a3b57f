/** What a command line says. */
import type { CommandSpec } from './command-table.ts';
import type { RawFlags } from './flag-source.ts';

export interface ParsedCommand {
  readonly kind: 'command';
  readonly command: CommandSpec;
  readonly operands: readonly string[];
  readonly raw: RawFlags;
}

export type Parsed =
  | { readonly kind: 'help' | 'usage'; readonly text: string }
  | { readonly kind: 'version' }
  | ParsedCommand;
