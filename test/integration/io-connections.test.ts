import { afterEach, describe, expect, it } from 'vitest';
import { ChannelClosed } from '../../src/io/channel-errors.ts';
import type { Channel } from '../../src/io/channel.ts';
import { connect, ConnectFailed, type ClientLink } from '../../src/io/connect.ts';
import { listen, type Listener, type ListenOptions } from '../../src/io/listen.ts';
import { PeerTable } from '../../src/io/peer-table.ts';
import { UdpSocket } from '../../src/io/udp-socket.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { ERROR } from '../../src/wire/codes.ts';

const listeners: Listener[] = [];
const links: ClientLink[] = [];

afterEach(async () => {
  for (const link of links.splice(0)) link.close();
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

async function serve(
  onChannel: (channel: Channel) => void,
  options: Partial<ListenOptions> = {},
): Promise<Listener> {
  const listener = await listen({ host: '127.0.0.1', port: 0, onChannel, ...options });
  listeners.push(listener);
  return listener;
}

async function dial(port: number, options: object = {}): Promise<ClientLink> {
  const link = await connect({ host: '127.0.0.1', port, ...options });
  links.push(link);
  return link;
}

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString();

function randomBytes(length: number, seed: number): Uint8Array {
  const random = new SeededRandom(seed);
  const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => random.uint32());
  return new Uint8Array(words.buffer, 0, length);
}

async function sendAll(channel: Channel, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const slab = await channel.acquireSlab(65_536);
    const piece = bytes.subarray(at, at + slab.bytes.length);
    slab.bytes.set(piece);
    await channel.sendData(slab, piece.length);
    at += piece.length;
  }
  channel.endData();
}

/** One record's bytes; undefined when the peer has finished. */
async function receiveRecord(channel: Channel): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const run = await channel.nextRun(262_144);
    if (run === undefined) return undefined;
    pieces.push(run.slab.bytes.slice(0, run.length));
    channel.releaseRun(run);
    if (run.end) return Buffer.concat(pieces);
  }
}

/** Answers messages with themselves and records with the same bytes, until the client ends. */
async function echo(channel: Channel): Promise<void> {
  const messages = async (): Promise<void> => {
    for (;;) {
      const message = await channel.nextMessage();
      if (message === undefined) return;
      await channel.sendMessage(message);
    }
  };
  const records = async (): Promise<void> => {
    for (;;) {
      const record = await receiveRecord(channel);
      if (record === undefined) return;
      await sendAll(channel, record);
    }
  };
  await Promise.all([messages(), records()]);
  channel.finish();
}

const echoing = (channel: Channel): void => {
  // A client that breaks off ends its echo; the test looks at the client's side.
  echo(channel).catch(() => undefined);
};

describe('a connection over loopback', () => {
  it('carries messages and records both ways and closes in order', async () => {
    const server = await serve(echoing);
    const link = await dial(server.port, { firstMessage: Buffer.from('first') });
    const { channel } = link;
    expect(text(await channel.nextMessage())).toBe('first');
    await channel.sendMessage(Buffer.from('second'));
    expect(text(await channel.nextMessage())).toBe('second');
    const bytes = randomBytes(3_000_000, 1);
    const back = receiveRecord(channel);
    await sendAll(channel, bytes);
    expect(Buffer.compare((await back) ?? new Uint8Array(), bytes)).toBe(0);
    expect(server.channelCount).toBe(1);
    channel.finish();
    expect(await channel.nextMessage()).toBeUndefined();
    expect(await channel.nextRun(1)).toBeUndefined();
    expect(await channel.closed).toEqual({ kind: 'finished' });
    expect(channel.stats().bytesDelivered).toBe(3_000_011);
    expect(link.address).toBe('127.0.0.1');
  });

  it('carries an empty record', async () => {
    const server = await serve(echoing);
    const { channel } = await dial(server.port);
    channel.endData();
    expect(await receiveRecord(channel)).toHaveLength(0);
  });

  it('tells a server that its client is there, and both ends the other', async () => {
    let seen: Channel | undefined;
    const server = await serve((channel) => {
      seen = channel;
      echoing(channel);
    });
    const { channel } = await dial(server.port, { firstMessage: Buffer.from('x') });
    await channel.nextMessage();
    expect(seen?.initiator).toBe(false);
    expect(channel.initiator).toBe(true);
    expect(seen?.peer).toMatchObject({ address: '127.0.0.1', family: 4 });
    expect(channel.peer.port).toBe(server.port);
    expect([...server.channels()]).toEqual([seen]);
    expect(server.stats().accepted).toBe(1);
  });

  it('tells an abort to the other side, with its code', async () => {
    const server = await serve((channel) => {
      channel.abort(ERROR.BUSY);
    });
    const { channel } = await dial(server.port);
    const reason = await channel.closed;
    expect(reason).toEqual({ kind: 'aborted', by: 'peer', code: ERROR.BUSY });
    await expect(channel.nextMessage()).rejects.toBeInstanceOf(ChannelClosed);
    await expect(channel.sendMessage(Buffer.from('x'))).rejects.toBeInstanceOf(ChannelClosed);
  });

  it('lets a client exit long before the quiet period is over', async () => {
    const server = await serve(echoing);
    const link = await dial(server.port);
    link.channel.finish();
    const startMs = performance.now();
    await link.channel.linger();
    expect(performance.now() - startMs).toBeLessThan(390);
    link.close();
    expect(link.channel.isClosed).toBe(true);
  });

  it('makes a slow reader slow the writer down instead of filling memory', async () => {
    let start: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      start = resolve;
    });
    const received: Promise<Uint8Array | undefined>[] = [];
    const server = await serve((channel) => {
      received.push(started.then(() => receiveRecord(channel)));
    });
    const config = { sendQueueBytes: 131_072 };
    const { channel } = await dial(server.port, { config });
    let sent = 0;
    const slabBytes = 65_536;
    const bytes = randomBytes(40 * 1_048_576, 3);
    const writing = (async () => {
      for (; sent < bytes.length; sent += slabBytes) {
        const slab = await channel.acquireSlab(slabBytes);
        slab.bytes.set(bytes.subarray(sent, sent + slabBytes));
        await channel.sendData(slab, slabBytes);
      }
      channel.endData();
    })();
    await expect.poll(() => channel.stats().windowProbes, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(sent).toBeLessThan(20 * 1_048_576);
    start();
    await writing;
    expect(Buffer.compare((await received[0]) ?? new Uint8Array(), bytes)).toBe(0);
  });
});

describe('many clients on one port', () => {
  it('are served side by side and each gets its own bytes', async () => {
    const server = await serve(echoing);
    const jobs = Array.from({ length: 20 }, async (_, i) => {
      const { channel } = await dial(server.port);
      const bytes = randomBytes(200_000 + i, i);
      await sendAll(channel, bytes);
      const back = await receiveRecord(channel);
      channel.finish();
      return Buffer.compare(back ?? new Uint8Array(), bytes);
    });
    expect(await Promise.all(jobs)).toEqual(jobs.map(() => 0));
    expect(server.stats().accepted).toBe(20);
  });

  it('beyond the cap hear nothing but advice', async () => {
    const server = await serve(echoing, { maxConnections: 1 });
    await dial(server.port);
    const config = { patienceMs: 300 };
    await expect(dial(server.port, { config })).rejects.toMatchObject({
      code: 'silent',
      advice: ERROR.BUSY,
    });
  });
});

describe('listen', () => {
  it('takes both families on one port by default', async () => {
    const server = await serve(echoing, { host: undefined });
    expect(server.family).toBe(6);
    for (const host of ['127.0.0.1', '[::1]', '::1', 'localhost']) {
      const link = await connect({ host, port: server.port, firstMessage: Buffer.from(host) });
      links.push(link);
      expect(text(await link.channel.nextMessage())).toBe(host);
    }
    const peers = [...server.channels()].map(({ peer }) => `${peer.family} ${peer.address}`);
    expect(peers.slice(0, 3)).toEqual(['4 127.0.0.1', '6 ::1', '6 ::1']);
  });

  it('takes a name', async () => {
    const server = await serve(echoing, { host: 'localhost' });
    expect(['127.0.0.1', '::1']).toContain(server.address);
  });

  it('rejects a port in use, a foreign address and an unknown name', async () => {
    const server = await serve(echoing);
    await expect(serve(echoing, { port: server.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await expect(serve(echoing, { host: '203.0.113.1' })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
    });
    await expect(serve(echoing, { host: 'no-such-host.invalid' })).rejects.toMatchObject({
      syscall: 'getaddrinfo',
    });
  });

  it('ends live channels when it closes', async () => {
    let channel: Channel | undefined;
    const server = await serve((opened) => {
      channel = opened;
    });
    await dial(server.port, { firstMessage: Buffer.from('x') });
    await expect.poll(() => channel).toBeDefined();
    await server.close();
    expect(await channel?.closed).toMatchObject({ kind: 'aborted', by: 'local' });
    expect(server.channelCount).toBe(0);
  });
});

describe('connect', () => {
  const silentSocket = async (): Promise<UdpSocket> => {
    const socket = new UdpSocket({
      family: 4,
      peers: new PeerTable(() => []),
      onDatagram: () => undefined,
    });
    await socket.bind('127.0.0.1', 0);
    return socket;
  };

  it('fails as unreachable about a second after a port said so', async () => {
    const gone = await silentSocket();
    const port = gone.localPort;
    await gone.close();
    const startMs = performance.now();
    const error = await dial(port).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectFailed);
    expect(error).toMatchObject({ code: 'unreachable', advice: 0 });
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(4_000);
  });

  it('fails as silent when nothing answers for the time of its patience', async () => {
    const mute = await silentSocket();
    const failed = dial(mute.localPort, { config: { patienceMs: 400 } });
    await expect(failed).rejects.toMatchObject({ code: 'silent' });
    await mute.close();
  });

  it('reaches a server on one family by a name that may have both', async () => {
    const server = await serve(echoing, { host: '127.0.0.1' });
    const startMs = performance.now();
    const link = await connect({ host: 'localhost', port: server.port });
    links.push(link);
    expect(link.address).toBe('127.0.0.1');
    expect(link.family).toBe(4);
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });

  it('fails to resolve an unknown name', async () => {
    const failed = connect({ host: 'no-such-host.invalid', port: 1 });
    await expect(failed).rejects.toMatchObject({ code: 'resolve' });
  });

  it('is given up by its signal', async () => {
    const mute = await silentSocket();
    const controller = new AbortController();
    const failed = dial(mute.localPort, { signal: controller.signal });
    setImmediate(() => {
      controller.abort();
    });
    await expect(failed).rejects.toMatchObject({ code: 'aborted' });
    await mute.close();
  });
});
