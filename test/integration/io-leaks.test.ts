import { expect, it } from 'vitest';
import type { Channel } from '../../src/io/channel.ts';
import { connect } from '../../src/io/connect.ts';
import { listen } from '../../src/io/listen.ts';
import { expectNothingLeft, readResources } from './resources.ts';

const RECORD_BYTES = 16_384;
const AT_ONCE = 10;

/** Sends back how many bytes each record had. */
async function count(channel: Channel): Promise<void> {
  let bytes = 0;
  for (;;) {
    const run = await channel.nextRun(RECORD_BYTES);
    if (run === undefined) break;
    bytes += run.length;
    channel.releaseRun(run);
    if (run.end) await channel.sendMessage(Buffer.from(String(bytes)));
  }
  channel.finish();
}

async function transfer(port: number): Promise<void> {
  const link = await connect({ host: '127.0.0.1', port });
  const { channel } = link;
  const slab = await channel.acquireSlab(RECORD_BYTES);
  await channel.sendData(slab, RECORD_BYTES);
  channel.endData();
  expect(Buffer.from((await channel.nextMessage()) ?? []).toString()).toBe(String(RECORD_BYTES));
  channel.finish();
  await channel.closed;
  link.close();
}

async function transfers(port: number, total: number): Promise<void> {
  for (let i = 0; i < total; i += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => transfer(port)));
  }
}

it('a thousand connections leave nothing behind', async () => {
  const server = await listen({
    host: '127.0.0.1',
    port: 0,
    onChannel: (channel) => {
      void count(channel);
    },
  });
  const settle = (): Promise<void> =>
    expect.poll(() => server.knownConnections, { timeout: 10_000 }).toBe(0);
  await transfers(server.port, 100);
  await settle();
  const before = await readResources();
  await transfers(server.port, 1_000);
  await settle();
  const after = await readResources();
  expect(server.stats().accepted).toBe(1_100);
  expect(server.channelCount).toBe(0);
  expectNothingLeft(before, after);
  await server.close();
});
