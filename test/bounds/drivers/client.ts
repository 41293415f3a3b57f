/** What a server, or a file that others may write, can do to a client. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientSession } from '../../../src/service/client-session.ts';
import { EXIT } from '../../../src/service/error.ts';
import { HostTrust } from '../../../src/service/identity/host-trust.ts';
import { addKnownHost, readKnownHosts } from '../../../src/service/identity/known-hosts-store.ts';
import { commentFault, readPublicKey } from '../../../src/service/identity/secret-key-store.ts';
import { decodeServerMessage, encodeMessage } from '../../../src/service/messages.ts';
import { formatKeyLine } from '../../../src/crypto/fingerprint.ts';
import { ERROR } from '../../../src/wire/codes.ts';
import { channelPair } from '../../unit/service/fake-channel.ts';
import { filled, settled } from '../../unit/service/login/door-rig.ts';
import { codeOfAsync, type Driver, fillEdge, tenth } from '../fill.ts';

/** A server that sends a file nobody asked for: none is taken, and the session ends. */
export const unaskedFile: Driver = async (cap) => {
  const [near, far] = channelPair();
  const session = new ClientSession(near);
  await settled();
  const slab = await far.acquireSlab(1_000);
  await far.sendData(slab, 1_000).catch(() => undefined);
  const reason = await far.closed;
  await settled();
  const isEnded = reason.kind === 'aborted' && reason.code === ERROR.PROTOCOL;
  const counted = Number(session.error?.code === EXIT.PROTOCOL);
  return { held: cap, beyond: isEnded ? cap : 1, refused: Number(isEnded), counted };
};

/** Keys for later that a server announces over and over: heard once. */
export const announcements: Driver = async (cap) => {
  const [near, far] = channelPair();
  const session = new ClientSession(near);
  let heard = 0;
  session.onKeys = () => {
    heard += 1;
    return Promise.resolve();
  };
  const say = (): Promise<void> =>
    far.sendMessage(encodeMessage({ op: 'keys', keys: [filled(1)], retired: [] }));
  for (let i = 0; i < cap; i += 1) await say();
  await settled();
  const held = heard;
  for (let i = 0; i < 20; i += 1) await say();
  await settled();
  return { held, beyond: heard, refused: cap + 20 - heard, counted: cap + 20 - heard };
};

export const announcedKeys: Driver = (cap) =>
  fillEdge(cap, (count) => {
    const keys = Array.from({ length: count }, (_, i) => filled(i));
    return decodeServerMessage(encodeMessage({ op: 'keys', keys, retired: [] })).ok;
  });

async function scratch(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'lftp-bounds-'));
}

export const keysOfHost: Driver = async (cap) => {
  const folder = await scratch();
  const knownHostsFile = join(folder, 'known_hosts');
  const where = { host: 'example.org', port: 10_000 };
  const learn = async (from: number, count: number): Promise<number> => {
    const options = { where, rule: 'strict', fingerprint: undefined, knownHostsFile } as const;
    const trust = await HostTrust.open(options);
    await trust.rememberNext(Array.from({ length: count }, (_, i) => filled(from + i)));
    return (await readKnownHosts(knownHostsFile)).hosts.length;
  };
  const held = await learn(1, cap);
  const beyond = await learn(100, tenth(cap));
  const refused = cap + tenth(cap) - beyond;
  const clean = (): Promise<void> => rm(folder, { recursive: true });
  return { held, beyond, refused, counted: refused, clean };
};

export const knownHostsFile: Driver = async (cap) => {
  const folder = await scratch();
  const file = join(folder, 'known_hosts');
  const code = async (bytes: number): Promise<number> => {
    await writeFile(file, '#'.repeat(bytes));
    return await codeOfAsync(() => readKnownHosts(file));
  };
  const codes = [await code(cap), await code(cap + 1), await code(cap + tenth(cap))];
  // Full to the last byte: nothing is added, and what is there stays.
  await writeFile(file, '#'.repeat(cap));
  const add = await codeOfAsync(() => addKnownHost(file, { host: 'a', port: 1 }, filled(1)));
  const beyond = (await readFile(file)).length;
  const refused = [...codes.slice(1), add].filter((found) => found === EXIT.LOCAL_IO).length;
  const clean = (): Promise<void> => rm(folder, { recursive: true });
  return { held: codes[0] === 0 ? cap : 0, beyond, refused, counted: refused, clean };
};

export const keyFile: Driver = async (cap) => {
  const folder = await scratch();
  const file = join(folder, 'id.pub');
  const line = formatKeyLine(filled(1), 'x');
  const code = async (bytes: number): Promise<number> => {
    await writeFile(file, line.padEnd(bytes, '\n'));
    return await codeOfAsync(() => readPublicKey(file));
  };
  const codes = [await code(cap), await code(cap + 1), await code(cap + tenth(cap))];
  const refused = codes.slice(1).filter((found) => found === EXIT.LOCAL_IO).length;
  const clean = (): Promise<void> => rm(folder, { recursive: true });
  const beyond = refused === 2 ? cap : cap + 1;
  return { held: codes[0] === 0 ? cap : 0, beyond, refused, counted: refused, clean };
};

export const keyComment: Driver = (cap) =>
  fillEdge(cap, (letters) => commentFault('x'.repeat(letters)) === undefined);
