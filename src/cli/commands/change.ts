/** One-shot verbs that change names on the server: `mkdir rmdir mv rm touch chmod`. */
import { EXIT } from '../../service/error.ts';
import type { LftpError } from '../../service/error.ts';
import {
  chmodOperation,
  deleteOperation,
  makeFolderOperation,
  perform,
  removeFolderOperation,
  renameOperation,
  statOperation,
  touchOperation,
} from '../../service/operations/client-operations.ts';
import type { Operation } from '../../service/operations/client-operations.ts';
import { pathText } from '../../service/path.ts';
import type { RemotePath } from '../../service/path.ts';
import { displayText } from '../../service/display.ts';
import { parsePath } from '../address.ts';
import type { Address } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import type { Output } from '../output.ts';
import { removeTree, someFailed } from '../remote-tree.ts';
import { UsageError } from '../usage-error.ts';
import { namedIn, withServer } from './one-shot.ts';

/** What may happen to a file that has the new name. */
const MOVE_RULES = ['never', 'always'] as const;

export async function mkdir(context: CommandContext): Promise<number> {
  const { operands, source } = context;
  const address = namedIn(operands[0] ?? '');
  const parents = source.isSet('parents');
  return await change(context, address, 'mkdir', makeFolderOperation(address.path, parents));
}

export async function rmdir(context: CommandContext): Promise<number> {
  const address = namedIn(context.operands[0] ?? '');
  return await change(context, address, 'rmdir', removeFolderOperation(address.path));
}

export async function mv(context: CommandContext): Promise<number> {
  const { operands, source } = context;
  const address = namedIn(operands[0] ?? '');
  const { path } = address;
  const to = movedTo(path, operands[1] ?? '');
  // What a rename replaces is lost, so it takes more than a default.
  const replace = source.choice('overwrite', MOVE_RULES) === 'always';
  return await change(context, address, 'mv', renameOperation(path, to, replace), to);
}

/** A slash at the end means "into that folder". @throws UsageError */
export function movedTo(path: RemotePath, text: string): RemotePath {
  const { path: to, isFolder } = parsePath(text);
  const name = path.at(-1);
  if (isFolder && name !== undefined) return [...to, name];
  if (to.length > 0 && to[0] !== '') return to;
  throw new UsageError('the new name is empty', 'Write a path on the same server.');
}

export async function touch(context: CommandContext): Promise<number> {
  const address = namedIn(context.operands[0] ?? '');
  const what = 'time such as 2026-01-31T12:00:00Z';
  const mtimeMs = context.source.parsed('time', parseTime, what) ?? Date.now();
  return await change(context, address, 'touch', touchOperation(address.path, mtimeMs));
}

/** ms since 1970 */
function parseTime(text: string): number | undefined {
  const mtimeMs = Date.parse(text);
  return Number.isNaN(mtimeMs) ? undefined : mtimeMs;
}

export async function chmod(context: CommandContext): Promise<number> {
  const mode = parseMode(context.operands[0] ?? '');
  const address = namedIn(context.operands[1] ?? '');
  return await change(context, address, 'chmod', chmodOperation(address.path, mode));
}

/** Nine bits in octal. @throws UsageError */
export function parseMode(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw new UsageError(
    `"${displayText(text, 40)}" is no mode`,
    'Write three octal digits such as 644.',
  );
}

export async function rm(context: CommandContext): Promise<number> {
  const address = namedIn(context.operands[0] ?? '');
  const { path } = address;
  if (!context.flags.recursive) {
    return await change(context, address, 'rm', deleteOperation(path));
  }
  const { output, interrupts } = context;
  let failures = 0;
  const onFailed = (error: LftpError): void => {
    failures += 1;
    output.error(error);
  };
  const onRemoved = (removed: RemotePath): void => tell(output, 'rm', removed);
  const first = statOperation(path);
  await withServer(context, address, first, async (session) => {
    const { kind } = await perform(session, first);
    const removal = { session, signal: interrupts.signal, onRemoved, onFailed };
    if (kind === 'folder') {
      await removeTree(removal, path);
      return;
    }
    await perform(session, deleteOperation(path));
    onRemoved(path);
  });
  return someFailed(failures);
}

async function change(
  context: CommandContext,
  address: Address,
  op: string,
  operation: Operation<true>,
  to?: RemotePath,
): Promise<number> {
  await withServer(context, address, operation, (session) => perform(session, operation));
  tell(context.output, op, operation.path, to);
  return EXIT.OK;
}

function tell(output: Output, op: string, path: RemotePath, to?: RemotePath): void {
  const moved = to === undefined ? {} : { to: pathText(to) };
  output.event('changed', { op, path: pathText(path), ...moved });
  output.detail(`${op} ${pathText(path)}${to === undefined ? '' : ` -> ${pathText(to)}`}`);
}
