import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Channel, LINGER_LIMIT_MS } from '../../../src/io/channel.ts';
import { ChannelClosed, UnannouncedData } from '../../../src/io/channel-errors.ts';
import { SlabQueue } from '../../../src/io/slab-queue.ts';
import type { CloseReason, DataRun } from '../../../src/transport/types.ts';
import { SlabPool } from '../../../src/util/slab.ts';
import { FakeConnection } from './fakes.ts';

const FINISHED: CloseReason = { kind: 'finished' };
const SILENT: CloseReason = { kind: 'timedOut', phase: 'silence', advice: 0 };

let pool: SlabPool;
let connection: FakeConnection;
let channel: Channel;
let slabs: SlabQueue;
let turnEnds: Set<() => void>;

beforeEach(() => {
  pool = new SlabPool(65_536);
  slabs = new SlabQueue(pool);
  connection = new FakeConnection(pool);
  turnEnds = new Set();
  channel = new Channel(connection, slabs, {
    onTurnEnd: (ended) => turnEnds.add(ended),
    offTurnEnd: (ended) => turnEnds.delete(ended),
  });
});

/** Whether a promise is still open after all that could settle it had its turn. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  const late = new Promise((resolve) => setImmediate(resolve, open));
  return (await Promise.race([promise.catch(() => undefined), late])) === open;
}

describe('sendMessage', () => {
  it('acts at once while there is room, so that finish may follow in the same tick', () => {
    void channel.sendMessage(Uint8Array.of(1));
    channel.finish();
    expect(connection.calls).toEqual(['message 1', 'finish']);
  });

  it('waits for room and keeps the order of the calls', async () => {
    connection.takesMessages = 0;
    const sends = [1, 2, 3].map((n) => channel.sendMessage(Uint8Array.of(n)));
    expect(await isPending(Promise.race(sends))).toBe(true);
    connection.takesMessages = 1;
    channel.onEvent({ kind: 'writable' });
    await sends[0];
    sends.push(channel.sendMessage(Uint8Array.of(4)));
    connection.takesMessages = Infinity;
    channel.onEvent({ kind: 'writable' });
    await Promise.all(sends);
    expect(connection.calls).toEqual(['message 1', 'message 2', 'message 3', 'message 4']);
    void channel.sendMessage(Uint8Array.of(5));
    expect(connection.calls).toHaveLength(5);
  });

  it('rejects when the connection closes, while waiting and afterwards', async () => {
    connection.takesMessages = 0;
    const waiting = channel.sendMessage(Uint8Array.of(1));
    channel.onEvent({ kind: 'closed', reason: SILENT });
    await expect(waiting).rejects.toThrow(ChannelClosed);
    await expect(channel.sendMessage(Uint8Array.of(1))).rejects.toMatchObject({ reason: SILENT });
  });
});

describe('nextMessage', () => {
  it('gives what is there and waits for what is not', async () => {
    connection.incoming.push(Uint8Array.of(1));
    expect(await channel.nextMessage()).toEqual(Uint8Array.of(1));
    const next = channel.nextMessage();
    expect(await isPending(next)).toBe(true);
    connection.incoming.push(Uint8Array.of(2));
    channel.onEvent({ kind: 'message' });
    expect(await next).toEqual(Uint8Array.of(2));
  });

  it('gives what came before the end and then undefined', async () => {
    connection.incoming.push(Uint8Array.of(1));
    channel.onEvent({ kind: 'peerFinished' });
    channel.onEvent({ kind: 'closed', reason: FINISHED });
    expect(await channel.nextMessage()).toEqual(Uint8Array.of(1));
    expect(await channel.nextMessage()).toBeUndefined();
  });

  it('rejects when the peer broke off, with words for each way', async () => {
    const waiting = channel.nextMessage();
    channel.onEvent({ kind: 'closed', reason: SILENT });
    await expect(waiting).rejects.toThrow('timed out (silence)');
    const texts: [CloseReason, string][] = [
      [{ kind: 'aborted', by: 'local', code: 64 }, 'aborted by this side, code 64'],
      [{ kind: 'aborted', by: 'peer', code: 15 }, 'aborted by the peer, code 15'],
      [{ kind: 'violation', by: 'peer', rule: 'X-1' }, 'protocol violation by peer: X-1'],
      [FINISHED, 'finished'],
    ];
    for (const [reason, text] of texts) expect(new ChannelClosed(reason).message).toContain(text);
  });
});

describe('a record that no message announced', () => {
  const run: DataRun = {
    slab: { bytes: new Uint8Array(4), refs: 1 },
    length: 4,
    end: true,
    error: 0,
  };

  it('ends the wait for a message, at once or when it comes', async () => {
    connection.runs.push(run);
    await expect(channel.nextMessage(0)).rejects.toThrow(UnannouncedData);
    connection.runs.length = 0;
    const waiting = channel.nextMessage(0);
    connection.runs.push(run);
    channel.onEvent({ kind: 'readable' });
    await expect(waiting).rejects.toThrow(UnannouncedData);
  });

  it('is none while a message is unread that may announce it, or nobody counts', async () => {
    connection.runs.push(run);
    connection.incoming.push(Uint8Array.of(1));
    expect(await channel.nextMessage(0)).toEqual(Uint8Array.of(1));
    expect(await isPending(channel.nextMessage(1))).toBe(true);
    expect(await isPending(channel.nextMessage())).toBe(true);
  });

  it('is what stands behind the last one that was due', async () => {
    connection.runs.push(run, run);
    const waiting = channel.nextMessage(1);
    expect(await isPending(waiting)).toBe(true);
    expect(await channel.nextRun(1)).toBe(run);
    await expect(waiting).rejects.toThrow(UnannouncedData);
  });
});

describe('file data out', () => {
  it('resolves at once while there is room', async () => {
    const slab = await channel.acquireSlab(16_384);
    await channel.sendData(slab, 100);
    channel.endData();
    channel.abandonData(64);
    expect(connection.calls).toEqual(['data 0+100', 'end 0', 'abandon 64']);
  });

  it('waits while the queue is full', async () => {
    connection.dataRoomBytes = 0;
    const sent = channel.sendData(await channel.acquireSlab(16_384), 100);
    channel.onEvent({ kind: 'writable' });
    expect(await isPending(sent)).toBe(true);
    connection.dataRoomBytes = 1;
    channel.onEvent({ kind: 'writable' });
    await sent;
  });

  it('gives the slab back and rejects once the connection is closed', async () => {
    const slab = await channel.acquireSlab(65_536);
    channel.onEvent({ kind: 'closed', reason: SILENT });
    await expect(channel.sendData(slab, 1)).rejects.toThrow(ChannelClosed);
    expect(pool.usedBytes).toBe(0);
    channel.endData();
    channel.abandonData(1);
    channel.finish();
    channel.abort(1);
    expect(connection.calls).toEqual([]);
  });
});

describe('slabs', () => {
  it('are waited for in order', async () => {
    const first = await channel.acquireSlab(65_536);
    const second = channel.acquireSlab(65_536);
    const third = channel.acquireSlab(65_536);
    expect(slabs.waitingCount).toBe(2);
    channel.releaseSlab(first);
    expect((await second).bytes).toHaveLength(65_536);
    expect(await isPending(third)).toBe(true);
    pool.release(await second);
    slabs.serve();
    expect((await third).bytes).toHaveLength(65_536);
    expect(slabs.waitingCount).toBe(0);
  });

  it('are smaller than wanted rather than waited for', async () => {
    const others = pool.acquire(16_384);
    expect((await channel.acquireSlab(65_536)).bytes).toHaveLength(16_384);
    expect(others).toBeDefined();
  });

  it('are not held up by a channel that has used up its share', async () => {
    const slow = await channel.acquireSlab(16_384);
    await channel.acquireSlab(16_384);
    const more = channel.acquireSlab(16_384);
    expect(await isPending(more)).toBe(true);
    const other = new Channel(new FakeConnection(), slabs, {
      onTurnEnd: () => undefined,
      offTurnEnd: () => undefined,
    });
    expect((await other.acquireSlab(16_384)).refs).toBe(1);
    expect(await isPending(more)).toBe(true);
    channel.releaseSlab(slow);
    expect((await more).refs).toBe(1);
  });

  it('are no longer waited for by a closed channel', async () => {
    const other = new Channel(new FakeConnection(), slabs, {
      onTurnEnd: () => undefined,
      offTurnEnd: () => undefined,
    });
    const held = await channel.acquireSlab(65_536);
    const mine = channel.acquireSlab(16_384);
    const theirs = other.acquireSlab(16_384);
    channel.onEvent({ kind: 'closed', reason: SILENT });
    await expect(mine).rejects.toThrow(ChannelClosed);
    await expect(channel.acquireSlab(1)).rejects.toThrow(ChannelClosed);
    channel.releaseSlab(held);
    expect((await theirs).refs).toBe(1);
  });
});

describe('file data in', () => {
  it('gives runs, waits, and ends with undefined', async () => {
    const slab = pool.acquire(16_384);
    if (slab === undefined) throw new Error('no slab');
    const run: DataRun = { slab, length: 3, end: true, error: 0 };
    const waiting = channel.nextRun(1);
    expect(await isPending(waiting)).toBe(true);
    connection.runs.push(run);
    channel.onEvent({ kind: 'readable' });
    expect(await waiting).toBe(run);
    channel.releaseRun(run);
    expect(connection.calls).toEqual(['release']);
    const none = channel.nextRun(1);
    channel.onEvent({ kind: 'peerFinished' });
    expect(await none).toBeUndefined();
  });

  it('rejects when the connection broke', async () => {
    const waiting = channel.nextRun(1);
    channel.onEvent({ kind: 'closed', reason: SILENT });
    await expect(waiting).rejects.toThrow(ChannelClosed);
  });
});

describe('closing', () => {
  it('tells the first reason and only once', async () => {
    expect(channel.isClosed).toBe(false);
    channel.onEvent({ kind: 'closed', reason: SILENT });
    channel.onClosed(FINISHED);
    expect(channel.isClosed).toBe(true);
    expect(await channel.closed).toBe(SILENT);
  });

  it('lingers until CLOSE went out twice', async () => {
    const done = channel.linger();
    for (const ended of turnEnds) ended();
    expect(await isPending(done)).toBe(true);
    connection.closeSent = 2;
    for (const ended of turnEnds) ended();
    await done;
    expect(turnEnds.size).toBe(0);
  });

  it('lingers until closed, and not at all when closed already', async () => {
    const done = channel.linger();
    channel.onEvent({ kind: 'closed', reason: FINISHED });
    await done;
    await channel.linger();
    expect(turnEnds.size).toBe(0);
  });

  it('lingers no longer than its limit', async () => {
    vi.useFakeTimers();
    const done = channel.linger();
    vi.advanceTimersByTime(LINGER_LIMIT_MS);
    vi.useRealTimers();
    await done;
    expect(turnEnds.size).toBe(0);
  });
});
