/** `lftp ls <address>` and `lftp stat <address>` */
import type { ClientSession } from '../../service/client-session.ts';
import { EXIT } from '../../service/error.ts';
import {
  listFolder,
  listOperation,
  perform,
  statOperation,
} from '../../service/operations/client-operations.ts';
import { ENTRY_ORDERS, sortEntries } from '../../service/operations/remote-entry.ts';
import type { EntryOrder, RemoteEntry } from '../../service/operations/remote-entry.ts';
import type { RemotePath } from '../../service/path.ts';
import { parseAddress } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import type { Output } from '../output.ts';
import { entryLine, entryText, tellEntry } from '../remote-names.ts';
import { withServer } from './one-shot.ts';

export interface Listing {
  readonly path: RemotePath;
  readonly isLong: boolean;
  readonly isHidden: boolean;
  readonly order: EntryOrder;
  readonly isReversed: boolean;
}

export async function ls(context: CommandContext): Promise<number> {
  const { operands, source, output } = context;
  const address = parseAddress(operands[0] ?? '');
  const { path } = address;
  const listing: Listing = {
    path,
    isLong: source.isSet('long'),
    isHidden: source.isSet('all'),
    order: source.choice('sort', ENTRY_ORDERS) ?? 'name',
    isReversed: source.isSet('reverse'),
  };
  const first = listOperation(path, listing.isHidden);
  await withServer(context, address, first, (session) =>
    list(session, listing, (entry) => show(output, listing, entry)),
  );
  return EXIT.OK;
}

/** Names in their order: as they come, where that is the order wanted. @throws LftpError */
export async function list(
  session: ClientSession,
  { path, isHidden, order, isReversed }: Listing,
  show: (entry: RemoteEntry) => void,
): Promise<void> {
  const isSorted = order === 'name' && !isReversed;
  const entries: RemoteEntry[] = [];
  for await (const entry of listFolder(session, path, isHidden)) {
    if (isSorted) show(entry);
    else entries.push(entry);
  }
  for (const entry of sortEntries(entries, order, isReversed)) show(entry);
}

function show(output: Output, { path, isLong }: Listing, entry: RemoteEntry): void {
  if (output.options.json) {
    // Of a file that is asked for like a folder, the entry is the file.
    const isItself = path.at(-1) === entry.name && entry.kind !== 'folder';
    tellEntry(output, 'entry', isItself ? path : [...path, entry.name], entry);
  } else output.show(entryLine(entry, isLong));
}

export async function stat(context: CommandContext): Promise<number> {
  const { operands, output } = context;
  const address = parseAddress(operands[0] ?? '');
  const { path } = address;
  const operation = statOperation(path);
  const entry = await withServer(context, address, operation, (session) =>
    perform(session, operation),
  );
  tellEntry(output, 'entry', path, entry);
  if (!output.options.json) output.show(entryText(path, entry));
  return EXIT.OK;
}
