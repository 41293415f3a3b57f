/** Every command of the shell, and which one a word means. */
import { displayText } from '../service/display.ts';
import { LOCAL_COMMANDS } from './shell-local.ts';
import { NAME_COMMANDS } from './shell-names.ts';
import { SERVER_COMMANDS } from './shell-server.ts';
import { SESSION_COMMANDS } from './shell-session.ts';
import type { ShellCommand } from './shell-command.ts';
import { TRANSFER_COMMANDS } from './shell-transfer.ts';
import { UsageError } from './usage-error.ts';

export const SHELL_COMMANDS: readonly ShellCommand[] = [
  ...SESSION_COMMANDS,
  ...SERVER_COMMANDS,
  ...TRANSFER_COMMANDS,
  ...NAME_COMMANDS,
  ...LOCAL_COMMANDS,
];

/** By its name, or by as many of its first letters as no other begins with. @throws UsageError */
export function findCommand(commands: readonly ShellCommand[], typed: string): ShellCommand {
  const name = typed.toLowerCase();
  const exact = commands.find(({ names }) => names.includes(name));
  if (exact !== undefined) return exact;
  const meant = commands.filter(({ names }) => names.some((full) => full.startsWith(name)));
  const [only] = meant;
  const shown = displayText(typed, 100);
  if (only === undefined) throw new UsageError(`there is no command "${shown}"`, 'Try help.');
  if (meant.length === 1) return only;
  const candidates = meant.flatMap(({ names }) => names.filter((full) => full.startsWith(name)));
  throw new UsageError(`"${shown}" may mean ${candidates.join(', ')}`, 'Write more of it.');
}
