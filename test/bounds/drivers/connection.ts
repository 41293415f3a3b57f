/** What the peer of one connection can make grow. */
import { SegmentKeys } from '../../../src/crypto/segment-keys.ts';
import { AddressChange } from '../../../src/transport/address-change.ts';
import { AckTracker } from '../../../src/transport/ack-tracker.ts';
import { BackoffLists } from '../../../src/transport/backoff-lists.ts';
import { Closing } from '../../../src/transport/closing.ts';
import { Inbox } from '../../../src/transport/inbox.ts';
import { PartStore } from '../../../src/transport/part-store.ts';
import { ReceiveWindow } from '../../../src/transport/receive-window.ts';
import { SendQueue } from '../../../src/transport/send-queue.ts';
import { SendWindow } from '../../../src/transport/send-window.ts';
import { KIND, TransmissionLog } from '../../../src/transport/transmission-log.ts';
import { CellPool } from '../../../src/util/cell-pool.ts';
import { SeededRandom } from '../../../src/util/random.ts';
import { SlabPool } from '../../../src/util/slab.ts';
import { AckBlock } from '../../../src/wire/ack-block.ts';
import { CLOSE, ERROR, FLAG } from '../../../src/wire/codes.ts';
import { addressOf } from '../../sim/net.ts';
import { PRIMITIVES, sealedNet } from '../../sim/sealed.ts';
import { type Driver, fillEdge, fillTable, tenth } from '../fill.ts';

const ONE = new Uint8Array(1);
const HUGE = 1e9;

function inbox(): Inbox {
  return new Inbox(new SlabPool(HUGE), 8_388_608);
}

/** Feeds records of `bytes` each; counts those that were taken. */
function fillInbox(cap: number, flags: number, bytes: Uint8Array, unit: number) {
  const box = inbox();
  let taken = 0;
  let dropped = 0;
  return fillTable(Math.ceil(cap / unit), {
    add: () => {
      if (box.take(flags, 0, bytes, 0, bytes.length) === 'taken') taken += 1;
      else dropped += 1;
    },
    size: () => taken,
    counted: () => dropped,
  });
}

export const heldMessages: Driver = (cap) => fillInbox(cap, FLAG.OP | FLAG.END, ONE, 1);
export const heldRuns: Driver = (cap) => fillInbox(cap, FLAG.DAT | FLAG.END, ONE, 1);

export const heldMessageBytes: Driver = (cap) => {
  const message = new Uint8Array(1_024);
  const fill = fillInbox(cap, FLAG.OP | FLAG.END, message, message.length);
  const bytes = message.length;
  return { ...fill, held: fill.held * bytes, beyond: fill.beyond * bytes };
};

export const runLength: Driver = (cap) => {
  const box = inbox();
  const piece = new Uint8Array(1_000);
  const sent = 3 * cap;
  for (let at = 0; at < sent; at += piece.length) box.take(FLAG.DAT, 0, piece, 0, piece.length);
  let longest = 0;
  let runs = 0;
  for (let run = box.readRun(1); run !== undefined; run = box.readRun(1)) {
    longest = Math.max(longest, run.length);
    runs += 1;
    box.releaseRun(run);
  }
  return { held: longest, beyond: longest, refused: runs - 1, counted: runs - 1 };
};

function parts(): PartStore {
  const pool = new CellPool(HUGE);
  return new PartStore(pool);
}

export const partialSegments: Driver = (cap) => {
  const store = parts();
  let taken = 0;
  let dropped = 0;
  return fillTable(cap, {
    add: (seq) => {
      if (store.add(seq, false, 0, 1_000, ONE, 0, 1) === 'taken') taken += 1;
      else dropped += 1;
    },
    size: () => taken,
    counted: () => dropped,
  });
};

export const pieces: Driver = (cap) => {
  const store = parts();
  let taken = 0;
  let dropped = 0;
  return fillTable(cap, {
    add: (index) => {
      if (store.add(7, true, 2 * index, 1_000, ONE, 0, 1) === 'taken') taken += 1;
      else dropped += 1;
    },
    size: () => taken,
    counted: () => dropped,
  });
};

export const queuedMessages: Driver = (cap) => {
  const queue = new SendQueue(524_288, new SlabPool(HUGE));
  let taken = 0;
  let refused = 0;
  return fillTable(cap, {
    add: () => {
      if (queue.pushMessage(ONE)) taken += 1;
      else refused += 1;
    },
    size: () => taken,
    counted: () => refused,
  });
};

export const sentSegments: Driver = (cap) => {
  const window = new SendWindow(0, new SlabPool(HUGE));
  const cut = { flags: FLAG.OP, error: 0, bytes: ONE, slab: undefined, offset: 0, length: 1 };
  let held = 0;
  return fillTable(cap, {
    add: () => {
      if (window.isFull) held += 1;
      else window.append(cut);
    },
    size: () => window.count,
    counted: () => held,
  });
};

export const transmissions: Driver = (cap) => {
  const log = new TransmissionLog(0);
  const remembered = (): number => {
    let count = 0;
    for (let txn = 0; txn < log.txnNxt; txn += 1) if (log.remembers(txn)) count += 1;
    return count;
  };
  for (let i = 0; i < cap; i += 1) log.record(0, KIND.STREAM, i);
  const held = remembered();
  for (let i = 0; i < tenth(cap); i += 1) log.record(0, KIND.STREAM, cap + i);
  const beyond = remembered();
  const forgotten = log.txnNxt - beyond;
  return { held, beyond, refused: forgotten, counted: forgotten };
};

/** Numbers below the newest: those near are told apart, those far are duplicates. */
export const replayWindow: Driver = (cap) => {
  const newest = 10 * cap;
  const tracker = new AckTracker(newest, 16, 2, 25);
  let told = 0;
  let duplicates = 0;
  for (let below = 1; below <= cap + tenth(cap); below += 1) {
    if (tracker.isDuplicate(newest - below)) duplicates += 1;
    else told += 1;
  }
  // Two words at the edge are given up, because the ring is cleared by words.
  const held = told >= cap - 64 ? cap : told;
  return { held, beyond: Math.max(told, held), refused: duplicates, counted: duplicates };
};

function ackPolicy(every: number, delayMs: number): AckTracker {
  const tracker = new AckTracker(0, 16, every, delayMs);
  // The bucket of acknowledgements that need not wait is empty, and stays so.
  for (let i = 1; i <= 40; i += 1) {
    tracker.record(0, i, true);
    tracker.fill(0, new AckBlock());
  }
  return tracker;
}

export const ackEvery: Driver = (cap) => {
  const until = (every: number): number => {
    const tracker = ackPolicy(every, 1000);
    let count = 0;
    while (!tracker.isAckDue(0)) tracker.record(0, 100 + (count += 1), true);
    return count;
  };
  return { ...fillEdge(cap, (every) => until(every) === every), held: until(cap) };
};

export const ackDelay: Driver = (cap) => {
  const wait = (ms: number): number => {
    const tracker = ackPolicy(256, ms);
    tracker.record(0, 100, true);
    return tracker.nextTimeout();
  };
  return { ...fillEdge(cap, (ms) => wait(ms) === ms), held: wait(cap) };
};

export const sackSlice: Driver = (cap) => {
  const cells = new CellPool(HUGE);
  const receive = new ReceiveWindow(0, inbox(), cells, 1_000, 4_096, HUGE);
  const words = (count: number): number => {
    for (let seq = 1; seq < 32 * count; seq += 2) {
      receive.take(seq, FLAG.DAT, 0, 0, 0, ONE, 0, 1);
    }
    const block = new AckBlock();
    receive.fill(block);
    return block.sackWords;
  };
  return fillEdge(cap, (count) => words(count) === count);
};

export const challenges: Driver = (cap) => {
  const change = new AddressChange();
  const random = new SeededRandom(1);
  let asked = 0;
  let passed = 0;
  return fillTable(cap, {
    add: (index) => {
      change.onElsewhere(0, addressOf(500 + index), 0, random);
      if (change.take() === undefined) passed += 1;
      else asked += 1;
    },
    size: () => asked,
    counted: () => passed,
  });
};

/** 2^36 forgeries take months, so a small limit is driven: the same lines count to either. */
export const failedOpens: Driver = () => {
  const scaledTo = 200;
  const rootKey = new Uint8Array(32).fill(9);
  const keys = new SegmentKeys({
    primitives: PRIMITIVES,
    rootKey,
    firstTxn: 1,
    maxFailedOpens: scaledTo,
  });
  const forgery = new Uint8Array(80).fill(3);
  const fill = fillTable(scaledTo, {
    add: (index) => void keys.open(forgery.slice(), 0, 32, 80, 2 + index),
    size: () => keys.failedOpens,
    counted: () => Number(keys.isWorn),
  });
  return { ...fill, scaledTo };
};

export const backoffLevels: Driver = (cap) => {
  const window = new SendWindow(0, new SlabPool(HUGE));
  const cut = { flags: FLAG.OP, error: 0, bytes: ONE, slab: undefined, offset: 0, length: 1 };
  const lists = new BackoffLists(64);
  window.append(cut);
  const level = (timeouts: number): number => {
    for (let i = 0; i < timeouts; i += 1) {
      window.transmitted(i, 0, i, i);
      window.markLost(0, true);
    }
    return window.levelOf(0);
  };
  const held = level(cap) + 1;
  const beyond = level(tenth(cap)) + 1;
  const isEmpty = lists.slots(cap - 1).length === 0;
  return { held, beyond, refused: Number(isEmpty), counted: Number(beyond === held) };
};

/** Nobody answers: the fin that follows the peer's is repeated so often, and then no more. */
export const closeAttempts: Driver = (cap) => {
  const closing = new Closing();
  closing.handle(CLOSE.FIN, ERROR.NONE);
  closing.want(ERROR.NONE);
  let nowMs = 0;
  let copies = 0;
  const speak = (): void => {
    nowMs += 100_000;
    if (closing.isComplete) return;
    const stage = closing.poll(nowMs, true, 1_000, 1_000);
    if (stage === CLOSE.PEER_FIN) copies += 1;
    // The answer to the peer's own fin goes out before.
    else if (stage !== 0) closing.poll(nowMs, true, 1_000, 1_000);
  };
  for (let i = 0; i < cap + 2; i += 1) speak();
  const held = closing.finsSent - 1;
  for (let i = 0; i < tenth(cap) + 1; i += 1) speak();
  const isOver = Number(closing.isComplete && copies > 0);
  return { held, beyond: closing.finsSent - 1, refused: isOver, counted: isOver };
};

/** A client asks for patience without end, and then falls silent. */
export const patience: Driver = (cap) => {
  const { net, server, client } = sealedNet({}, { maxPatienceMs: cap });
  client.connect(0, server, { patienceMs: Infinity }).say('hello');
  net.runUntil(() => server.talks.length === 1, 1_000);
  net.run(1_000);
  net.tap = () => [];
  const fromMs = net.nowMs;
  const far = server.newest;
  net.runUntil(() => far.closed !== undefined, 2 * cap);
  const silentMs = net.nowMs - fromMs;
  const isSilence = far.closed?.kind === 'timedOut' && far.closed.phase === 'silence';
  const held = silentMs <= cap && silentMs > cap - 5_000 ? cap : silentMs;
  return { held, beyond: held, refused: Number(isSilence), counted: Number(isSilence) };
};
