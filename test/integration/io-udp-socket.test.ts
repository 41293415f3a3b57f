import { afterEach, describe, expect, it } from 'vitest';
import { PeerTable } from '../../src/io/peer-table.ts';
import { Train } from '../../src/io/train.ts';
import { systemOptions } from '../../src/io/socket-options.ts';
import { UdpSocket } from '../../src/io/udp-socket.ts';
import type { PeerAddress } from '../../src/transport/types.ts';

const NOBODY: PeerAddress = { key: '', address: '', port: 0, family: 4 };

const open: UdpSocket[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.close()));
});

/** Where the binary is prebuilt and the kernel new enough, which the options' own tests check. */
const HAS_TRAINS = systemOptions() !== undefined;

interface Ear {
  readonly socket: UdpSocket;
  readonly heard: { readonly text: string; readonly peer: PeerAddress }[];
  readonly errors: string[];
  /** Resolves once `count` datagrams or errors came. */
  until(count: number): Promise<void>;
}

function ear(family: 4 | 6 = 4, ipv6Only = false, trains = false): Ear {
  const heard: Ear['heard'] = [];
  const errors: string[] = [];
  let wake = (): void => undefined;
  const socket = new UdpSocket({
    family,
    ipv6Only,
    trains,
    peers: new PeerTable(() => []),
    onDatagram: (bytes, peer) => {
      heard.push({ text: Buffer.from(bytes).toString(), peer });
      wake();
    },
    onError: (code) => {
      errors.push(code);
      wake();
    },
  });
  open.push(socket);
  const until = async (count: number): Promise<void> => {
    while (heard.length + errors.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { socket, heard, errors, until };
}

function slot(text: string, peer = NOBODY): Train {
  const filled = new Train();
  filled.hold(Buffer.from(text), peer);
  return filled;
}

describe('UdpSocket', () => {
  it('carries datagrams between a connected and a shared socket, IPv4', async () => {
    const server = ear();
    await server.socket.bind('127.0.0.1', 0);
    const client = ear();
    await client.socket.connect('127.0.0.1', server.socket.localPort);
    expect(client.socket.send(slot('there'), true)).toBe(true);
    await server.until(1);
    const from = server.heard[0]!.peer;
    expect(from).toMatchObject({ address: '127.0.0.1', family: 4 });
    expect(from.port).toBe(client.socket.localPort);
    server.socket.send(slot('and back', from), false);
    server.socket.send(slot('', from), true);
    await client.until(2);
    expect(client.heard.map((entry) => entry.text)).toEqual(['and back', '']);
    expect(server.socket.queuedDatagrams).toBe(0);
  });

  it('serves both families on one dual-stack socket', async () => {
    const server = ear(6);
    await server.socket.bind('::', 0);
    const [four, six] = [ear(4), ear(6)];
    await four.socket.connect('127.0.0.1', server.socket.localPort);
    await six.socket.connect('::1', server.socket.localPort);
    four.socket.send(slot('four'), true);
    await server.until(1);
    six.socket.send(slot('six'), true);
    await server.until(2);
    expect(server.heard.map(({ peer }) => `${peer.family} ${peer.address}`)).toEqual([
      '4 127.0.0.1',
      '6 ::1',
    ]);
    for (const { text, peer } of server.heard) server.socket.send(slot(`re ${text}`, peer), true);
    await Promise.all([four.until(1), six.until(1)]);
    expect(four.heard[0]?.text).toBe('re four');
    expect(six.heard[0]?.text).toBe('re six');
  });

  it('tells and counts a port that nobody listens on', async () => {
    const gone = ear();
    await gone.socket.bind('127.0.0.1', 0);
    const port = gone.socket.localPort;
    await gone.socket.close();
    const client = ear();
    await client.socket.connect('127.0.0.1', port);
    client.socket.send(slot('anyone?'), false);
    await client.until(1);
    expect(client.errors).toEqual(['ECONNREFUSED']);
    expect(client.socket.errors.byCode.get('ECONNREFUSED')).toBe(1);
  });

  it('survives a send that the system refuses, and counts it when watched', async () => {
    const server = ear();
    await server.socket.bind('127.0.0.1', 0);
    const client = ear();
    await client.socket.bind('127.0.0.1', 0);
    const far: PeerAddress = { key: '', address: '2001:db8::1', port: 9, family: 6 };
    expect(client.socket.send(slot('wrong family', far), true)).toBe(true);
    await client.until(1);
    expect(client.errors).toEqual(['EINVAL']);
  });

  it('tells what came while its buffer was full', async () => {
    const { socket: reader, heard } = ear();
    const { socket: writer } = ear();
    await reader.bind('127.0.0.1', 0);
    const peer = await writer.connect('127.0.0.1', reader.localPort);
    expect(reader.droppedByKernel()).toBe(process.platform === 'linux' ? 0 : undefined);
    const large = new Train();
    large.hold(new Uint8Array(60_000), peer);
    // Nobody reads meanwhile: more than any buffer holds that is asked for.
    for (let i = 0; i < 400; i += 1) writer.send(large, false);
    const dropped = reader.droppedByKernel();
    if (process.platform === 'linux') expect(dropped).toBeGreaterThan(0);
    while (heard.length < 400 - (dropped ?? 0)) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    expect(heard).toHaveLength(400 - (dropped ?? 0));
  });

  it('rejects a port in use and an address that is not ours', async () => {
    const first = ear();
    await first.socket.bind('127.0.0.1', 0);
    const taken = ear().socket.bind('127.0.0.1', first.socket.localPort);
    await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const strange = ear().socket.bind('203.0.113.1', 0);
    await expect(strange).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });

  it('sends nothing and hears nothing once closed', async () => {
    const { socket } = ear();
    await socket.bind('127.0.0.1', 0);
    await socket.close();
    await socket.close();
    expect(socket.send(slot('late', { key: '', address: '', port: 1, family: 4 }), true)).toBe(
      true,
    );
    expect(socket.queuedDatagrams).toBe(0);
  });
});

describe('trains', () => {
  const LENGTHS = [1_000, 1_000, 1_000, 400];

  /** Datagrams of these lengths, each filled with its number. */
  function train(to: PeerAddress, lengths: readonly number[]): Train {
    const filled = new Train();
    for (const [index, length] of lengths.entries()) {
      filled.buffer.fill(97 + index, 0, length);
      filled.length = length;
      filled.peer = to;
      expect(filled.take()).toBe(true);
    }
    return filled;
  }

  const PIECES = LENGTHS.map((length, index) => String.fromCharCode(97 + index).repeat(length));

  async function between(sends: boolean, merges: boolean, family: 4 | 6 = 4) {
    const server = ear(family, false, merges);
    const client = ear(family, false, sends);
    const host = family === 6 ? '::1' : '127.0.0.1';
    await server.socket.bind(host, 0);
    const peer = await client.socket.connect(host, server.socket.localPort);
    return { server, client, peer };
  }

  it.each([4, 6] as const)(
    'arrive as the datagrams that they are made of, IPv%i',
    async (family) => {
      const { server, client, peer } = await between(true, false, family);
      expect(client.socket.takesTrains).toBe(HAS_TRAINS);
      client.socket.send(train(peer, LENGTHS), false);
      await server.until(LENGTHS.length);
      expect(server.heard.map(({ text }) => text)).toEqual(PIECES);
    },
  );

  it('arrive in one piece where both sides can', async () => {
    const { server, client, peer } = await between(true, true);
    client.socket.send(train(peer, LENGTHS), false);
    await server.until(HAS_TRAINS ? 1 : LENGTHS.length);
    expect(server.heard.map(({ text }) => text).join('')).toBe(PIECES.join(''));
    expect(server.heard).toHaveLength(HAS_TRAINS ? 1 : LENGTHS.length);
  });

  it('of another length, and plain datagrams between them, are cut as they should be', async () => {
    const { server, client, peer } = await between(true, false);
    const plain = new Train();
    plain.hold(new Uint8Array(3_000).fill(120), peer);
    client.socket.send(train(peer, [500, 500]), false);
    client.socket.send(plain, false);
    client.socket.send(train(peer, [700, 700, 1]), false);
    await server.until(6);
    expect(server.heard.map(({ text }) => text.length)).toEqual([500, 500, 3_000, 700, 700, 1]);
  });

  it('go one by one from a socket that was not told to have any', async () => {
    const { server, client, peer } = await between(false, false);
    expect(client.socket.send(train(peer, LENGTHS), false)).toBe(true);
    await server.until(LENGTHS.length);
    expect(server.heard.map(({ text }) => text)).toEqual(PIECES);
  });

  it('that the system refuses go one by one, and nothing is lost', async () => {
    const { server, client, peer } = await between(true, false);
    const refused = train(peer, LENGTHS);
    // The answer of a device that cannot cut, put in place of the system's.
    refused.onSent = undefined;
    client.socket.send(refused, false);
    await server.until(LENGTHS.length);
    const answer = refused.onSent as ((error: Error | null) => void) | undefined;
    answer?.(Object.assign(new Error('refused'), { code: 'EIO' }));
    expect(client.socket.trains).toBe(HAS_TRAINS ? 'single: refused' : 'single: no binary');
    await server.until(HAS_TRAINS ? 2 * LENGTHS.length : LENGTHS.length);
    expect(server.heard.map(({ text }) => text)).toEqual(
      HAS_TRAINS ? [...PIECES, ...PIECES] : PIECES,
    );
    client.socket.send(train(peer, LENGTHS), false);
    await server.until(server.heard.length + LENGTHS.length);
  });

  it('and what waits behind them are all heard, in order', async () => {
    const { server, client, peer } = await between(true, false);
    client.socket.send(train(peer, [1]), false);
    await server.until(1);
    const back = server.heard[0]!.peer;
    const numbers = Array.from({ length: 100 }, (_, number) => `${number}`);
    for (const number of numbers) server.socket.send(slot(number.padEnd(1_000), back), false);
    await client.until(numbers.length);
    expect(client.heard.map(({ text }) => text.trim())).toEqual(numbers);
  });

  it('hear of a port that nobody listens on, however it is told', async () => {
    const { server, client, peer } = await between(true, false);
    client.socket.send(train(peer, [1]), false);
    await server.until(1);
    server.socket.send(slot('last words', server.heard[0]!.peer), false);
    await server.socket.close();
    // The answer and the refusal wait together.
    client.socket.send(train(peer, [1]), false);
    await client.until(2);
    expect(client.heard.map(({ text }) => text)).toEqual(['last words']);
    expect(client.errors).toEqual(['ECONNREFUSED']);
  });
});
