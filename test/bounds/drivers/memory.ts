/** Pools, and the loop around the socket. */
import { SERVER_POOLS } from '../../../src/io/assembly.ts';
import { addressesToTry } from '../../../src/io/connect.ts';
import { Driver as Loop } from '../../../src/io/driver.ts';
import { PeerTable } from '../../../src/io/peer-table.ts';
import { earlyPool } from '../../../src/transport/shared-resources.ts';
import { CellAccount } from '../../../src/util/cell-pool.ts';
import { SlabAccount, SlabPool } from '../../../src/util/slab.ts';
import { FakeClock, FakeEndpoint, FakeSocket } from '../../unit/io/fakes.ts';
import { type Driver, type Fill, fillTable } from '../fill.ts';

const SLAB = 262_144;

/** The pool lends whole slabs; nobody in particular borrows them. */
export const slabPool: Driver = (cap) => {
  const pool = new SlabPool(cap);
  const fill = fillTable(cap / SLAB, {
    add: () => void pool.acquire(SLAB),
    size: () => pool.usedBytes / SLAB,
    counted: () => pool.refusals,
  });
  return { ...fill, held: fill.held * SLAB, beyond: fill.beyond * SLAB };
};

/** Others hold all there is: what is left to one more is its reserve. */
export const slabReserve: Driver = (cap) => {
  const pool = new SlabPool(1_048_576, { reserveBytes: cap });
  for (let i = 0; i < 64; i += 1) {
    const hog = new SlabAccount();
    while (pool.acquireSome(SLAB, 1, hog) !== undefined);
  }
  const account = new SlabAccount();
  const before = pool.refusals;
  const step = 16_384;
  const fill = fillTable(cap / step, {
    add: () => void pool.acquire(step, account),
    size: () => account.heldBytes / step,
    counted: () => pool.refusals - before,
  });
  return { ...fill, held: fill.held * step, beyond: fill.beyond * step };
};

/** A record of a few bytes lies in no slab. */
export const fittedRecord: Driver = (cap) => {
  const pool = new SlabPool(1e6);
  const account = new SlabAccount();
  const cost = (bytes: number): number => {
    const before = pool.usedBytes;
    pool.fitted(pool.acquire(16_384, account)!, bytes);
    return pool.usedBytes - before;
  };
  const held = cost(1);
  const isMore = cost(cap + 1) === 2 * cap;
  return { held, beyond: cost(cap), refused: Number(isMore), counted: Number(isMore) };
};

const CELL = 1_536;

function byCells(fill: Fill): Fill {
  return { ...fill, held: fill.held * CELL, beyond: fill.beyond * CELL };
}

/** Many connections leave gaps for ever: all of them together stay below cap and reserves. */
export const earlyPoolOfAll: Driver = (cap) => {
  const pool = earlyPool(cap);
  const cells = Math.floor(cap / CELL);
  const fill = fillTable(cells, {
    add: () => void pool.take(0),
    size: () => pool.usedBytes / CELL,
    counted: () => pool.refusals,
  });
  return byCells(fill);
};

/** One connection that leaves a gap for ever has half of the pool, and the other has its part. */
export const earlyShare: Driver = (cap) => {
  const pool = earlyPool(SERVER_POOLS.earlyBytes);
  const hogs = Array.from({ length: 40 }, () => new CellAccount());
  for (const hog of hogs) while (pool.take(0, false, hog) >= 0);
  const account = new CellAccount();
  const before = pool.refusals;
  const fill = fillTable(cap / CELL, {
    add: () => void pool.take(0, false, account),
    size: () => account.heldBytes / CELL,
    counted: () => pool.refusals - before,
  });
  return byCells(fill);
};

export const peerTable: Driver = (cap) => {
  const table = new PeerTable(() => [], cap);
  const fill = fillTable(cap, {
    add: (index) => void table.intern(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, 9),
    size: () => table.size,
    counted: () => table.clearings,
  });
  // It forgets all that nobody uses, and then grows towards the same cap again.
  const { held, beyond, refused, counted } = fill;
  return { held, beyond, refused, counted };
};

export const triedAddresses: Driver = (cap) => {
  const found = (count: number): number =>
    addressesToTry(
      Array.from({ length: count }, (_, i) => ({ address: `192.0.2.${i}`, family: 4 })),
    ).length;
  const beyond = found(cap + 1);
  return { held: found(cap), beyond, refused: cap + 1 - beyond, counted: cap + 1 - beyond };
};

interface Rig {
  readonly loop: Loop;
  readonly endpoint: FakeEndpoint;
  readonly socket: FakeSocket;
}

function rig(): Rig {
  const loop = new Loop({ clock: new FakeClock(), onEvent: () => undefined });
  const endpoint = new FakeEndpoint();
  const socket = new FakeSocket();
  loop.attach(endpoint, socket);
  return { loop, endpoint, socket };
}

export const datagramsPerTurn: Driver = (cap) => {
  const { loop, endpoint, socket } = rig();
  endpoint.outgoing = 2 * cap;
  loop.flush();
  const { length } = socket.sent;
  loop.close();
  return { held: length, beyond: length, refused: endpoint.outgoing, counted: endpoint.outgoing };
};

export const socketQueue: Driver = (cap) => {
  const { loop, endpoint, socket } = rig();
  endpoint.outgoing = 2 * cap;
  socket.takes = 0;
  loop.flush();
  const held = socket.queued.length;
  loop.flush();
  loop.close();
  const left = endpoint.outgoing;
  return { held, beyond: socket.queued.length, refused: left, counted: left };
};

/** Node fires a timer above 2^31 ms at once; ours looks again after a day. */
export const longTimer: Driver = () => {
  const { loop, endpoint } = rig();
  const asked: number[] = [];
  const real = globalThis.setTimeout;
  const spy = (work: () => void, ms: number): NodeJS.Timeout => {
    asked.push(ms);
    return real(work, ms);
  };
  Object.assign(globalThis, { setTimeout: spy });
  try {
    endpoint.deadlineMs = 1e12;
    loop.flush();
  } finally {
    Object.assign(globalThis, { setTimeout: real });
    loop.close();
  }
  const [ms = 0] = asked;
  return { held: ms, beyond: Math.max(...asked), refused: asked.length, counted: asked.length };
};
