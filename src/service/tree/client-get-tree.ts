/** Fetches a folder with all that is in it: one request, and one record that holds everything. */
import { beforeRecord, fetchInTurn } from '../client-fetch.ts';
import { receive } from '../client-get.ts';
import type { GetOptions, TransferResult } from '../client-get.ts';
import type { ClientSession, MakeRequest } from '../client-session.ts';
import type { Exchange } from '../exchanges.ts';
import type { TreeAnswer } from '../messages.ts';
import { pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { earlyEndError, remoteError, unexpectedAnswer } from '../remote-error.ts';
import type { TreePlace } from './tree-place-store.ts';
import { TreeReceiver } from './tree-receiver.ts';
import { TreeTally } from './tree-tally.ts';
import type { TreeWatch } from './tree-tally.ts';

export interface GetTreeOptions extends GetOptions {
  /** Opens the folder that the tree goes to; what it throws ends the get. */
  readonly openPlace: (tree: TreeAnswer) => Promise<TreePlace>;
  readonly watch: TreeWatch;
}

/** What {@link getTree} begins with. */
export function getTreeRequest(path: RemotePath): MakeRequest {
  return (id) => ({ op: 'getTree', id, path });
}

/**
 * @returns a tally of the tree, or the result of a single file if that is what is at the path
 * @throws LftpError when the whole fails; files that fail are told. The signal's reason
 */
export async function getTree(
  session: ClientSession,
  options: GetTreeOptions,
): Promise<TreeTally | TransferResult> {
  const { path, signal, observer } = options;
  observer.onPhase('request', null);
  return await fetchInTurn(session, getTreeRequest(path), signal, async (exchange, answer) => {
    // P-TREE-01: a file is answered like a get.
    if (answer.kind === 'file') return await receive(session, exchange, answer, options);
    if (answer.kind !== 'tree') throw unexpectedAnswer(answer, pathText(path));
    return await receiveTree(session, exchange, answer, options);
  });
}

async function receiveTree(
  session: ClientSession,
  exchange: Exchange,
  answer: TreeAnswer,
  options: GetTreeOptions,
): Promise<TreeTally> {
  const { path, signal, observer } = options;
  const place = await beforeRecord(session, exchange, signal, () => options.openPlace(answer));
  const tally = new TreeTally(options.watch);
  try {
    observer.onPhase('data', null);
    const receiver = new TreeReceiver(session.channel, place, answer, {
      nowMs: () => performance.now(),
      onStored: (members) => tally.store(members),
      onFailed: (_, inside, error) => tally.fail(inside, error),
      onSenderFailed: (inside, { code, message }) => tally.fail(inside, remoteError(code, message)),
      onLeftOut: (inside, why) => tally.leaveOut(inside, why),
    });
    const code = await receiver.run();
    signal.throwIfAborted();
    if (code !== 0) throw earlyEndError(code, pathText(path));
    return tally;
  } finally {
    await place.root.release();
  }
}
