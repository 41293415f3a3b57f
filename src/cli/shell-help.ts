/** What `help` shows of the shell's commands. */
import type { ShellCommand } from './shell-command.ts';

const WIDTH = 30;

/** One line for each command. */
export function helpOf(commands: readonly ShellCommand[]): string {
  return commands.map(lineOf).join('\n');
}

function lineOf({ names, operands, describe }: ShellCommand): string {
  const usage = `${names[0] ?? ''} ${operands}`.trimEnd();
  const others = names.slice(1);
  const also = others.length === 0 ? '' : `; also ${others.join(', ')}`;
  return `${usage.padEnd(WIDTH)}${describe}${also}`;
}
