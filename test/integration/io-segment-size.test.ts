/** How large datagrams become between real sockets. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Channel } from '../../src/io/channel.ts';
import { connect, type ClientLink } from '../../src/io/connect.ts';
import { listen, type Listener } from '../../src/io/listen.ts';
import { startRelay } from '../../src/cli/relay.ts';

const BYTES = 8_000_000;
const closers: (() => unknown)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0).reverse()) await close();
});

async function send(channel: Channel): Promise<void> {
  for (let at = 0; at < BYTES;) {
    const slab = await channel.acquireSlab(262_144);
    const length = Math.min(slab.bytes.length, BYTES - at);
    for (let i = 0; i < length; i += 1) slab.bytes[i] = (at + i) % 251;
    await channel.sendData(slab, length);
    at += length;
  }
  channel.endData();
}

/** Length of the record, -1 when a byte of it is wrong. */
async function receive(channel: Channel): Promise<number> {
  let length = 0;
  for (;;) {
    const run = await channel.nextRun(65_536);
    if (run === undefined) return length;
    for (let i = 0; i < run.length; i += 1) {
      if (run.slab.bytes[i] !== (length + i) % 251) return -1;
    }
    length += run.length;
    channel.releaseRun(run);
    if (run.end) return length;
  }
}

interface Ends {
  readonly client: Channel;
  readonly server: Channel;
  readonly link: ClientLink;
  readonly listener: Listener;
}

/** A connection over loopback, through a relay that drops what is above `mtuBytes` if given. */
async function open(host: string, mtuBytes?: number): Promise<Ends> {
  let onServer: (channel: Channel) => void = () => undefined;
  const accepted = new Promise<Channel>((resolve) => (onServer = resolve));
  const listener = await listen({ host, port: 0, onChannel: (channel) => onServer(channel) });
  closers.push(() => listener.close());
  let { port } = listener;
  if (mtuBytes !== undefined) {
    const way = { mtuBytes, delayMs: 1 };
    const target = { targetAddress: host, targetPort: port };
    const relay = await startRelay({ ...target, forward: way, backward: way, seed: 1 });
    closers.push(() => relay.close());
    port = relay.port;
  }
  const link = await connect({ host, port });
  closers.push(() => link.close());
  return { client: link.channel, server: await accepted, link, listener };
}

/** Both ways at once; what the two senders came to. */
async function exchange({ client, server }: Ends): Promise<number[]> {
  const both = [receive(client), receive(server), send(client), send(server)];
  expect((await Promise.all(both)).slice(0, 2)).toEqual([BYTES, BYTES]);
  return [client.stats().segmentBytes, server.stats().segmentBytes];
}

/** A search takes some twenty round trips, and a short exchange may be over before. */
async function searched(ends: Ends, expected: number): Promise<number[]> {
  const goal = [expected, expected];
  let sizes = await exchange(ends);
  for (let i = 0; i < 8 && String(sizes) !== String(goal); i += 1) sizes = await exchange(ends);
  return sizes;
}

describe('datagrams over loopback', () => {
  it('P-MTU-02 become as large as they can be, both ways', async () => {
    expect(await searched(await open('127.0.0.1'), 65_507)).toEqual([65_507, 65_507]);
    expect(await searched(await open('::1'), 65_488)).toEqual([65_488, 65_488]);
  });

  it('P-MTU-07 do so too where nothing can be set, as fragments are not made there', async () => {
    vi.stubEnv('LFTPU_SOCKETS', 'node');
    const ends = await open('127.0.0.1');
    expect(ends.link.fragments).toBe('allowed: no binary');
    expect(ends.listener.fragments).toBe('allowed: no binary');
    expect(await searched(ends, 65_507)).toEqual([65_507, 65_507]);
  });
});

describe('datagrams through something narrower', () => {
  it.each([
    [1_472, 1_472],
    [8_972, 8_972],
    [1_300, 1_232],
    [1_200, 1_200],
  ])('P-MTU-02 P-MTU-04 that takes %i bytes come to %i', async (mtuBytes, expected) => {
    const ends = await open('127.0.0.1', mtuBytes);
    expect(await searched(ends, expected)).toEqual([expected, expected]);
  });
});
