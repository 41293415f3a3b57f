/** How much may be on its way to a disk or from one: windows, queues, reads and writes. */
import { createDigest } from '../../../src/io/digest.ts';
import { FILE_RUN_BYTES } from '../../../src/service/limits.ts';
import { receiveFile } from '../../../src/service/file-receiver.ts';
import { sendFile } from '../../../src/service/file-sender.ts';
import { Inbox } from '../../../src/transport/inbox.ts';
import { ReceiveWindow } from '../../../src/transport/receive-window.ts';
import { SendQueue } from '../../../src/transport/send-queue.ts';
import { CellPool } from '../../../src/util/cell-pool.ts';
import { SLAB_MAX_BYTES, SlabPool } from '../../../src/util/slab.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { channelPair } from '../../unit/service/fake-channel.ts';
import { settled } from '../../unit/service/login/door-rig.ts';
import { type Driver, fillEdge, fillTable } from '../fill.ts';

const ONE = new Uint8Array(1);

/** The application consumes ever more in a round trip. */
export const receiveWindow: Driver = (cap) => {
  const inbox = new Inbox(new SlabPool(16 * cap), 4_194_304, cap);
  const consume = (bytes: number): void => {
    inbox.consumedBytes += bytes;
    inbox.tuneWindow(1_000, 1_000);
  };
  inbox.tuneWindow(1_000, 1_000);
  consume(cap / 2);
  const held = inbox.windowBytes;
  consume(cap);
  const refused = Number(inbox.windowBytes === held);
  return { held, beyond: inbox.windowBytes, refused, counted: refused, more: () => consume(cap) };
};

export const windowSegments: Driver = (cap) => {
  const isTaken = (count: number): boolean => {
    const inbox = new Inbox(new SlabPool(1e9), 2 ** 30);
    const window = new ReceiveWindow(0, inbox, new CellPool(1e9), 1_000, cap, 2 ** 30);
    window.window();
    return window.take(count - 1, FLAG.DAT, 0, 0, 0, ONE, 0, 1) === 'taken';
  };
  return fillEdge(cap, isTaken);
};

/** Nothing may be sent: the queue fills. */
export const queuedBytes: Driver = (cap) => {
  const pool = new SlabPool(2 * cap);
  const queue = new SendQueue(cap, pool);
  const step = 65_536;
  let queued = 0;
  let refused = 0;
  const fill = fillTable(cap / step, {
    add: () => {
      if (queue.roomBytes === 0) {
        refused += 1;
        return;
      }
      queue.pushData(pool.acquire(step)!, 0, step);
      queued += 1;
    },
    size: () => queued,
    counted: () => refused,
  });
  return { ...fill, held: fill.held * step, beyond: fill.beyond * step };
};

/** Reads of a disk that never answers. */
export const readsAhead: Driver = async (cap) => {
  const [channel] = channelPair();
  await createDigest(); // the first one is loaded, which takes a while
  const abort = new AbortController();
  let waiting = 0;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<number>((_resolve, reject) => {
    fail = reject;
  });
  const source = {
    sizeBytes: 4 * cap * FILE_RUN_BYTES,
    mtimeMs: 0,
    mode: 0o600,
    concurrentReads: cap,
    read: async () => {
      waiting += 1;
      return await failed;
    },
    isUnchanged: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
  failed.catch(() => undefined);
  const sent = sendFile(channel, source, abort.signal).catch(() => undefined);
  for (let i = 0; i < 10; i += 1) await settled();
  const held = waiting;
  for (let i = 0; i < 10; i += 1) await settled();
  const refused = 4 * cap - waiting;
  fail(new Error('no disk'));
  await sent;
  const counted = channel.pool.usedBytes === 0 ? refused : 0;
  return { held, beyond: waiting, refused, counted };
};

/** Writes to a disk that never answers: the rest waits in the window. */
export const writesBehind: Driver = async (cap) => {
  const [near, far] = channelPair();
  let waiting = 0;
  let most = 0;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const sink = {
    runBytes: 1,
    write: async () => {
      waiting += 1;
      most = Math.max(most, waiting);
      await released;
      waiting -= 1;
    },
    commit: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
  const received = receiveFile(far, sink, { sizeBytes: null, onFault: () => undefined });
  for (let i = 0; i < 2 * cap; i += 1) {
    await near.sendData(near.pool.acquire(SLAB_MAX_BYTES)!, 1_000);
    await settled();
  }
  const held = waiting;
  const refused = 2 * cap - waiting;
  near.endData();
  release();
  await received;
  return { held, beyond: most, refused, counted: refused };
};
