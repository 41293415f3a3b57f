/** One command of the shell, as the tables of the shell-*-commands.ts have it. */
import type { Shell } from './shell.ts';

export interface ShellCommand {
  /** The name, then others for the same. */
  readonly names: readonly string[];
  readonly operands: string;
  readonly describe: string;
  /** Whether it needs a connection. */
  readonly isRemote: boolean;
  /** Arguments beyond what it uses are ignored. */
  readonly run: (shell: Shell, words: readonly string[]) => Promise<void>;
}
