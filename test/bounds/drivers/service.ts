/** What a session, and a server of many sessions, can be made to hold. */
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Penalties } from '../../../src/service/accounts/penalties.ts';
import { displayText } from '../../../src/service/display.ts';
import { EXIT, LftpError } from '../../../src/service/error.ts';
import { CalmLog, NO_LOG } from '../../../src/service/log.ts';
import { AttachTokens } from '../../../src/service/login/attach-tokens.ts';
import { Logins } from '../../../src/service/login/logins.ts';
import { decodeClientMessage, encodeMessage } from '../../../src/service/messages.ts';
import { pathFault } from '../../../src/service/path.ts';
import { DEFAULT_MAX_CLIENTS } from '../../../src/service/limits.ts';
import { FileServer } from '../../../src/service/server.ts';
import { nodeFileSystem } from '../../../src/service/store-file-system.ts';
import { SpaceBook } from '../../../src/service/store-space.ts';
import { ServedTree } from '../../../src/service/store-tree.ts';
import type { TransferChannel } from '../../../src/service/transfer-channel.ts';
import { channelPair, type FakeChannel } from '../../unit/service/fake-channel.ts';
import { loginAs, settled } from '../../unit/service/login/door-rig.ts';
import { Rig } from '../../unit/service/session-rig.ts';
import { codeOf, type Driver, type Fill, fillEdge, fillTable, tenth } from '../fill.ts';

export const operationMessage: Driver = (cap) => {
  const frame = encodeMessage({ op: 'get', id: 1, path: [''] }).length;
  const isTaken = (bytes: number): boolean => {
    // The name fills the message, whatever becomes of such a name later.
    const path = ['x'.repeat(bytes - frame - 2)];
    try {
      return encodeMessage({ op: 'get', id: 1, path }).length === bytes;
    } catch {
      return false;
    }
  };
  const fault = decodeClientMessage(new Uint8Array(cap + 1));
  const isTold = !fault.ok && fault.fault === 'longer than 16 KiB';
  return { ...fillEdge(cap, (bytes) => isTaken(bytes)), counted: Number(isTold) };
};

const names = (count: number): string[] => Array.from({ length: count }, () => 'x');

export const pathBytes: Driver = (cap) =>
  fillEdge(cap, (bytes) => {
    // A separator counts for each name.
    const path = ['x'.repeat(199), 'x'.repeat(199), 'x'.repeat(199), 'x'.repeat(199)];
    const rest = bytes - 800;
    const last = rest <= 256 ? ['x'.repeat(rest - 1)] : ['x'.repeat(199), 'x'.repeat(rest - 201)];
    return pathFault([...path, ...last]) === undefined;
  });

export const pathDepth: Driver = (cap) =>
  fillEdge(cap, (depth) => pathFault(names(depth)) === undefined);

export const componentBytes: Driver = (cap) =>
  fillEdge(cap, (bytes) => pathFault(['x'.repeat(bytes)]) === undefined);

export const shownText: Driver = (cap) => {
  const shown = (letters: number): number =>
    displayText('x'.repeat(letters)).replace('…', '').length;
  return fillEdge(cap, (letters) => shown(letters) === letters);
};

/** Requests for uploads whose files never come. */
export const sessionRequests: Driver = async (cap) => {
  const rig = await Rig.make('rw');
  const client = rig.connect();
  const ask = async (id: number): Promise<void> => {
    const post = { op: 'post', path: ['x'], size: null, overwrite: 'always' } as const;
    await client.sendMessage(encodeMessage({ ...post, id })).catch(() => undefined);
  };
  for (let id = 1; id <= cap; id += 1) await ask(id);
  for (let i = 0; i < 20; i += 1) await settled();
  const held = client.isClosed ? 0 : cap;
  for (let id = 1; id <= tenth(cap); id += 1) await ask(cap + id);
  const reason = await client.closed;
  const isBusy = reason.kind === 'aborted' && reason.code === EXIT.BUSY;
  const clean = async (): Promise<void> => {
    await rig.settle();
    await rig.remove();
  };
  return { held, beyond: cap, refused: Number(isBusy), counted: Number(isBusy), clean };
};

async function folder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'lftp-bounds-'));
}

export const openFiles: Driver = async (cap) => {
  const root = await folder();
  const tree = await ServedTree.open(root);
  let refused = 0;
  return fillTable(cap, {
    add: () => {
      if (codeOf(() => tree.hold()) === EXIT.BUSY) refused += 1;
    },
    size: () => tree.openFileCount,
    counted: () => refused,
    clean: async () => {
      await tree.close();
      await rm(root, { recursive: true });
    },
  });
};

/** Files that ask for room until none is left, on a disk of which one in a hundred is more. */
export const spaceLeft: Driver = async (cap) => {
  const each = 1_048_576;
  const freeAtFirst = cap + 100 * each;
  const space = { bsize: 4096, blocks: (1000 * cap) / 4096, bavail: freeAtFirst / 4096 };
  const statfs = (): Promise<typeof space> => Promise.resolve(space);
  const book = new SpaceBook({ ...nodeFileSystem, statfs }, 'nowhere');
  let refused = 0;
  const fill = async (tries: number): Promise<number> => {
    for (let i = 0; i < tries; i += 1) {
      await book.reserve(each, 'x').catch((error: unknown) => {
        if (error instanceof LftpError && error.code === EXIT.NO_SPACE) refused += 1;
      });
    }
    return freeAtFirst - book.promisedBytes;
  };
  const held = await fill(100);
  const beyond = await fill(10);
  return { held, beyond, refused, counted: refused };
};

/** Killed servers left one upload too fresh to be removed and one too old to be kept. */
export const abandonedUploads: Driver = async (cap) => {
  const root = await folder();
  const tree = await ServedTree.open(root);
  const partial = await tree.openPartial();
  const nowMs = Date.now();
  for (const [name, ageMs] of [
    ['a', cap],
    ['b', cap + tenth(cap)],
  ] as const) {
    const path = partial.entry(name.repeat(32));
    await writeFile(path, 'half');
    await utimes(path, (nowMs - ageMs) / 1000, (nowMs - ageMs) / 1000);
  }
  const removed = await tree.removeAbandoned(nowMs);
  const again = await tree.removeAbandoned(nowMs);
  await tree.close();
  await rm(root, { recursive: true });
  return { held: again === 0 ? cap : 0, beyond: cap, refused: removed, counted: removed };
};

interface House {
  readonly server: FileServer;
  readonly lines: string[];
  /** Somebody at `address` has opened a connection. */
  readonly visit: (address: string, login?: Uint8Array) => FakeChannel;
  readonly clean: () => Promise<void>;
}

/** A server whose clients come without a network; whoever names an account is challenged. */
async function house(maxClients: number): Promise<House> {
  const root = await folder();
  const nobody = {
    login: () => ({ home: undefined, hasPassword: false, record: undefined, hasKey: () => false }),
    fakeSecret: () => new Uint8Array(32),
    count: 1,
  };
  const challenge = { ...nobody };
  const lines: string[] = [];
  const keep = (_: object, text: string): void => void lines.push(text);
  const logins = new Logins({
    accounts: challenge as never,
    anonymous: 'ro',
    penalties: new Penalties(),
    tokens: new AttachTokens(),
    nowMs: () => 0,
    randomBytes: (count) => new Uint8Array(count),
  });
  const server = await FileServer.start({
    root,
    security: { kind: 'insecure' },
    logins,
    host: '127.0.0.1',
    port: 0,
    maxClients,
    maxPatienceMs: undefined,
    config: undefined,
    log: { ...NO_LOG, info: keep, warn: keep },
    version: '0.0.0',
  });
  const door = server as unknown as { onChannel(channel: TransferChannel): void };
  const visit = (address: string, login?: Uint8Array): FakeChannel => {
    const [client, far] = channelPair();
    far.peer = { key: `${address}|1`, address, port: 1, family: 4 };
    far.identity = { publicKey: new Uint8Array(32), channelBinding: new Uint8Array(32) };
    far.login = login;
    door.onChannel(far);
    return client;
  };
  const clean = async (): Promise<void> => {
    await server.stop();
    await rm(root, { recursive: true });
  };
  return { server, lines, visit, clean };
}

export const clients: Driver = async (cap) => {
  const { server, lines, visit, clean } = await house(cap);
  const fill = fillTable(cap, {
    add: (index) => void visit(`10.0.${index >> 8}.${index & 255}`),
    size: () => server.clientCount,
    counted: () => lines.filter((line) => line === 'client waits').length,
    clean,
  });
  return withoutMore(fill);
};

export const waitingClients: Driver = async (cap) => {
  const { server, lines, visit, clean } = await house(1);
  visit('192.0.2.1');
  const fill = fillTable(cap, {
    add: (index) => void visit(`10.0.${index >> 8}.${index & 255}`),
    size: () => server.waitingCount,
    counted: () => lines.filter((line) => line === 'client refused: full').length,
    clean,
  });
  return withoutMore(fill);
};

/** By default, so that a change of the rule shows here. */
export const clientsOfSource: Driver = async (cap) => {
  const { server, lines, visit, clean } = await house(DEFAULT_MAX_CLIENTS);
  // Whoever is let in is a stranger no more, which takes a turn of the loop.
  const add = async (): Promise<void> => {
    visit('192.0.2.1');
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let i = 0; i < cap; i += 1) await add();
  const held = server.clientCount;
  for (let i = 0; i < tenth(cap); i += 1) await add();
  const counted = lines.filter((line) => line === 'client refused: source').length;
  const beyond = server.clientCount;
  visit('192.0.2.2');
  const refused = server.clientCount === beyond + 1 ? counted : 0;
  return { held, beyond, refused, counted, clean };
};

export const strangersOfSource: Driver = async (cap) => {
  const { server, lines, visit, clean } = await house(10 * cap);
  const fill = fillTable(cap, {
    add: () => void visit('192.0.2.1', loginAs('alice')),
    size: () => server.clientCount,
    counted: () => lines.filter((line) => line === 'client refused: source').length,
    clean,
  });
  return withoutMore(fill);
};

/** Each refused client leaves an ended channel behind, which is the test's and no growth. */
function withoutMore({ held, beyond, refused, counted, clean }: Fill): Fill {
  const fill = { held, beyond, refused, counted };
  return clean === undefined ? fill : { ...fill, clean };
}

/** What was said at once, and then a second's worth more. */
export const logLines: Driver = (cap) => {
  let nowMs = 0;
  let written = 0;
  const log = new CalmLog({ ...NO_LOG, warn: () => void (written += 1) }, () => nowMs);
  while (log.leftOut === 0) log.warn({}, 'get failed');
  const second = (tries: number): number => {
    const before = written;
    for (let i = 0; i < tries; i += 1) {
      nowMs += 1000 / tries;
      log.warn({}, 'get failed');
    }
    return written - before;
  };
  const held = second(cap);
  const leftOut = log.leftOut;
  const beyond = second(cap + tenth(cap));
  const counted = log.leftOut - leftOut;
  return { held, beyond, refused: counted, counted, more: () => void second(1000) };
};
