/** What listings of endless folders can make a server and a client hold. */
import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClientSession } from '../../../src/service/client-session.ts';
import { decodeClientMessage, encodeMessage } from '../../../src/service/messages.ts';
import { listFolder } from '../../../src/service/operations/client-operations.ts';
import { Listings } from '../../../src/service/operations/listing-store.ts';
import type { WireEntry } from '../../../src/service/operations/operation-types.ts';
import { channelPair, type FakeChannel } from '../../unit/service/fake-channel.ts';
import { Rig } from '../../unit/service/session-rig.ts';
import { codeOfAsync, type Driver, tenth } from '../fill.ts';

const nameOf = (index: number, letters: number): string => String(index).padStart(letters, '0');

/** A folder with more names than are held; long ones, so that a page takes few of them. */
export const heldNames: Driver = async (cap) => {
  const rig = await Rig.make('ro');
  const names = Array.from({ length: cap + tenth(cap) }, (_, index) => nameOf(index, 200));
  await mkdir(join(rig.root, 'many'));
  const listings = new Listings();
  const page = async (hidden: boolean): Promise<readonly [number, boolean]> => {
    const request = { op: 'list', id: 1, path: ['many'], hidden } as const;
    const { entries, next } = await listings.page(rig.store, request);
    return [entries.length, next !== undefined];
  };
  for (const name of names.slice(0, cap)) writeFileSync(join(rig.root, 'many', name), '');
  await page(false);
  const held = listings.heldNames;
  for (const name of names.slice(cap)) writeFileSync(join(rig.root, 'many', name), '');
  const [told, isMore] = await page(true);
  const beyond = listings.heldNames;
  const refused = names.length - told - beyond;
  return { held, beyond, refused, counted: Number(isMore), clean: () => rig.remove() };
};

/** A server whose folder never ends. */
export const listedEntries: Driver = async () => {
  const scaledTo = 1000;
  const [near, far] = channelPair();
  void answerForEver(far);
  const session = new ClientSession(near);
  let taken = 0;
  const list = async (): Promise<void> => {
    for await (const { name } of listFolder(session, [], false, scaledTo)) {
      if (name !== '') taken += 1;
    }
  };
  const code = await codeOfAsync(list);
  far.abort(0);
  const counted = Number(code !== 0);
  return { held: taken, beyond: taken, refused: counted, counted, scaledTo };
};

async function answerForEver(channel: FakeChannel): Promise<void> {
  let index = 0;
  for (;;) {
    const bytes = await channel.nextMessage().catch(() => undefined);
    const decoded = bytes === undefined ? undefined : decodeClientMessage(bytes);
    if (decoded?.ok !== true || decoded.message.op !== 'list') return;
    const entries = Array.from({ length: 100 }, (): WireEntry => {
      index += 1;
      return [nameOf(index, 9), 0, 0, 0, 0];
    });
    const { id: re } = decoded.message;
    const next = nameOf(index, 9);
    await channel.sendMessage(encodeMessage({ kind: 'entries', re, entries, next }));
  }
}
