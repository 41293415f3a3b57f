import { afterEach, describe, expect, it } from 'vitest';
import { startRelay, type RelayReport } from '../../src/cli/relay.ts';
import type { Channel } from '../../src/io/channel.ts';
import { connect } from '../../src/io/connect.ts';
import { createDigest } from '../../src/io/digest.ts';
import { listen } from '../../src/io/listen.ts';
import type { LinkOptions } from '../../src/sim/link.ts';
import { SeededRandom } from '../../src/util/random.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Sends `sizeBytes` seeded bytes as one record; returns their digest. */
async function send(channel: Channel, sizeBytes: number, seed: number): Promise<string> {
  const random = new SeededRandom(seed);
  const digest = await createDigest();
  for (let left = sizeBytes; left > 0;) {
    const slab = await channel.acquireSlab(65_536);
    const length = Math.min(left, slab.bytes.length);
    for (let i = 0; i < length; i += 1) slab.bytes[i] = random.uint32();
    digest.update(slab.bytes.subarray(0, length));
    await channel.sendData(slab, length);
    left -= length;
  }
  channel.endData();
  return Buffer.from(digest.digest()).toString('hex');
}

async function receive(channel: Channel): Promise<string> {
  const digest = await createDigest();
  for (;;) {
    const run = await channel.nextRun(65_536);
    if (run === undefined) return 'finished without a record';
    digest.update(run.slab.bytes.subarray(0, run.length));
    channel.releaseRun(run);
    if (run.end) return Buffer.from(digest.digest()).toString('hex');
  }
}

/** One record there and one back through the link, for each of `clients`. */
async function exchange(
  link: Partial<LinkOptions>,
  sizeBytes: number,
  clients: number,
): Promise<RelayReport> {
  const received: Promise<string>[] = [];
  const sent: Promise<string>[] = [];
  const server = await listen({
    host: '127.0.0.1',
    port: 0,
    onChannel: (channel) => {
      received.push(receive(channel));
      sent.push(send(channel, sizeBytes, 1_000 + sent.length));
      void channel.nextMessage().then(() => {
        channel.finish();
      });
    },
  });
  closers.push(() => server.close());
  const target = { targetAddress: '127.0.0.1', targetPort: server.port };
  const relay = await startRelay({ ...target, forward: link, backward: link, seed: 7 });
  closers.push(() => relay.close());
  const jobs = Array.from({ length: clients }, async (_, i) => {
    const link = await connect({ host: '127.0.0.1', port: relay.port });
    const { channel } = link;
    const [there, back] = await Promise.all([send(channel, sizeBytes, i), receive(channel)]);
    channel.finish();
    await channel.closed;
    link.close();
    return { there, back };
  });
  const results = await Promise.all(jobs);
  const [arrived, left] = [await Promise.all(received), await Promise.all(sent)];
  expect(results.map(({ there }) => there).sort()).toEqual(arrived.sort());
  expect(results.map(({ back }) => back).sort()).toEqual(left.sort());
  return relay.report();
}

describe('a bad link between real sockets', () => {
  it('with loss and reordering loses no byte of three clients', async () => {
    const link = { delayMs: 1, loss: 0.02, reorder: 0.05, holdMs: 3 };
    const { forward, backward } = await exchange(link, 2_000_000, 3);
    expect(Math.min(forward.losses, backward.losses)).toBeGreaterThan(20);
    expect(Math.min(forward.reordered, backward.reordered)).toBeGreaterThan(50);
  });

  it('with duplicates, flipped bits and cut datagrams neither', async () => {
    const link = {
      delayMs: 1,
      duplicate: 0.05,
      duplicateLateMs: 20,
      corrupt: 0.02,
      truncate: 0.01,
    };
    const { forward } = await exchange({ ...link, extend: 0.01 }, 1_000_000, 2);
    const { duplicated, corrupted, truncated, extended } = forward;
    expect(Math.min(duplicated, corrupted, truncated, extended)).toBeGreaterThan(0);
  });
});
