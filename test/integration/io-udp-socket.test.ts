import { afterEach, describe, expect, it } from 'vitest';
import { DatagramPool, type DatagramSlot } from '../../src/io/datagram-pool.ts';
import { PeerTable } from '../../src/io/peer-table.ts';
import { UdpSocket } from '../../src/io/udp-socket.ts';
import type { PeerAddress } from '../../src/transport/types.ts';

const open: UdpSocket[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.close()));
});

interface Ear {
  readonly socket: UdpSocket;
  readonly heard: { readonly text: string; readonly peer: PeerAddress }[];
  readonly errors: string[];
  /** Resolves once `count` datagrams or errors came. */
  until(count: number): Promise<void>;
}

function ear(family: 4 | 6 = 4, ipv6Only = false): Ear {
  const heard: Ear['heard'] = [];
  const errors: string[] = [];
  let wake = (): void => undefined;
  const socket = new UdpSocket({
    family,
    ipv6Only,
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

function slot(text: string, peer?: PeerAddress): DatagramSlot {
  const filled = new DatagramPool().current();
  filled.length = Buffer.from(filled.buffer.buffer).write(text);
  if (peer !== undefined) filled.peer = peer;
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
    expect(client.socket.errorCounts.get('ECONNREFUSED')).toBe(1);
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

  it('asks for large buffers and takes what it gets', async () => {
    const { socket } = ear();
    await socket.bind('127.0.0.1', 0);
    expect(socket.receiveBufferBytes).toBeGreaterThanOrEqual(131_072);
    expect(socket.sendBufferBytes).toBeGreaterThanOrEqual(131_072);
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
