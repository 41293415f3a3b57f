/** `lftp partials list` and `lftp partials rm`: transfers of this person that broke off. */
import { resolve } from 'node:path';
import { EXIT, LftpError } from '../../service/error.ts';
import { listPartials, removePartial } from '../../service/resume/partials-store.ts';
import type { Partial } from '../../service/resume/partials-store.ts';
import { displayText } from '../../service/display.ts';
import type { CommandContext } from '../command-table.ts';
import { formatBytes } from '../units.ts';

export async function listBroken({ output }: CommandContext): Promise<number> {
  for (const partial of await listPartials(process.env)) {
    const { entry, isRunning } = partial;
    const { kind: op, remote, local, sizeBytes: size, mark, madeMs } = entry;
    const bytes = op === 'get' ? (mark?.bytes ?? 0) : null;
    const began = madeMs / 1000;
    output.event('partial', { op, path: remote, local, bytes, size, began, isRunning });
    if (!output.options.json) output.show(lineOf(partial));
  }
  return EXIT.OK;
}

function lineOf({ entry, isRunning }: Partial): string {
  const { kind, remote, local, sizeBytes, mark } = entry;
  const held = kind === 'get' ? `${formatBytes(mark?.bytes ?? 0)} of ` : '';
  const state = isRunning ? ', running' : '';
  const ends = kind === 'get' ? [remote, local] : [local, remote];
  const names = ends.map((name) => displayText(name)).join(' -> ');
  return `${kind} ${names}: ${held}${formatBytes(sizeBytes)}${state}`;
}

/** Of one local file, or all that nobody works on. @throws LftpError 4 */
export async function removeBroken({ operands, output }: CommandContext): Promise<number> {
  const [local] = operands;
  const idle = (await listPartials(process.env)).filter(({ isRunning }) => !isRunning);
  const wanted =
    local === undefined ? idle : idle.filter(({ entry }) => entry.local === resolve(local));
  if (local !== undefined && wanted.length === 0) {
    throw new LftpError(EXIT.MISSING, 'local', 'nothing of it is unfinished', {
      path: local,
      hint: 'lftp partials list shows what there is.',
    });
  }
  for (const partial of wanted) await removePartial(partial);
  output.say(`${wanted.length} removed`);
  return EXIT.OK;
}
