import { afterEach, describe, expect, it } from 'vitest';
import { startRelay, type Relay, type RelayOptions } from '../../src/cli/relay.ts';
import { Train } from '../../src/io/train.ts';
import { PeerTable } from '../../src/io/peer-table.ts';
import { UdpSocket } from '../../src/io/udp-socket.ts';
import type { PeerAddress } from '../../src/transport/types.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

interface Station {
  readonly socket: UdpSocket;
  readonly heard: Uint8Array[];
  /** Where it came from. */
  readonly sources: Set<PeerAddress>;
}

/** A socket that counts what it hears and answers it when asked to. */
function station(answers: boolean): Station {
  const heard: Uint8Array[] = [];
  const sources = new Set<PeerAddress>();
  const train = new Train();
  const socket = new UdpSocket({
    family: 4,
    peers: new PeerTable(() => []),
    onDatagram: (bytes, peer) => {
      heard.push(bytes);
      sources.add(peer);
      if (!answers) return;
      train.hold(bytes, peer);
      socket.send(train, false);
    },
  });
  closers.push(() => socket.close());
  return { socket, heard, sources };
}

async function relayTo(port: number, options: Partial<RelayOptions>): Promise<Relay> {
  const target = { targetAddress: '127.0.0.1', targetPort: port };
  const relay = await startRelay({ ...target, forward: {}, backward: {}, seed: 1, ...options });
  closers.push(() => relay.close());
  return relay;
}

async function client(
  port: number,
): Promise<{ heard: Uint8Array[]; send: (value: number, bytes?: number) => void }> {
  const { socket, heard } = station(false);
  await socket.connect('127.0.0.1', port);
  const train = new Train();
  const nobody: PeerAddress = { key: '', address: '', port: 0, family: 4 };
  return {
    heard,
    send: (value, bytes = 1_200) => {
      train.hold(new Uint8Array(bytes).fill(value), nobody);
      socket.send(train, false);
    },
  };
}

function lost(relay: Relay): number {
  return relay.report().forward.losses;
}

describe('the relay', () => {
  it('carries datagrams both ways and keeps clients apart', async () => {
    const server = station(true);
    await server.socket.bind('127.0.0.1', 0);
    const relay = await relayTo(server.socket.localPort, { forward: { delayMs: 5 } });
    const [a, b] = [await client(relay.port), await client(relay.port)];
    const startMs = performance.now();
    for (let i = 0; i < 10; i += 1) {
      a.send(1);
      b.send(2);
    }
    await expect.poll(() => a.heard.length + b.heard.length).toBe(20);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(4);
    expect(new Set(a.heard.map((bytes) => bytes[7]))).toEqual(new Set([1]));
    expect(new Set(b.heard.map((bytes) => bytes[7]))).toEqual(new Set([2]));
    expect(relay.report()).toMatchObject({ flows: 2, overruns: 0 });
    expect(relay.report().forward.delivered).toBe(20);
  });

  it('loses what its link loses, and counts it', async () => {
    const server = station(false);
    await server.socket.bind('127.0.0.1', 0);
    const relay = await relayTo(server.socket.localPort, { forward: { loss: 0.3 } });
    const { send } = await client(relay.port);
    for (let i = 0; i < 200; i += 1) send(3);
    await expect.poll(() => relay.report().forward.sent).toBe(200);
    const { losses } = relay.report().forward;
    expect(losses).toBeGreaterThan(30);
    expect(losses).toBeLessThan(90);
    await expect.poll(() => server.heard.length).toBe(200 - losses);
  });

  it('takes no datagram that Ethernet would not take, unless its link says so', async () => {
    const server = station(false);
    await server.socket.bind('127.0.0.1', 0);
    const usual = await relayTo(server.socket.localPort, {});
    const wide = await relayTo(server.socket.localPort, { forward: { mtuBytes: 9_000 } });
    for (const relay of [usual, wide]) {
      const { send } = await client(relay.port);
      send(4, 1_472);
      send(5, 1_473);
      await expect.poll(() => relay.report().forward.sent).toBe(2);
    }
    expect([usual, wide].map((relay) => relay.report().forward.mtuDrops)).toEqual([1, 0]);
    await expect.poll(() => server.heard.length).toBe(3);
  });

  it('moves a client from one place to the next, and hears it nowhere else', async () => {
    const server = station(true);
    await server.socket.bind('127.0.0.1', 0);
    const wandering = { everyMs: 20, overlapMs: 0 };
    const relay = await relayTo(server.socket.localPort, { wandering });
    const { send, heard } = await client(relay.port);
    send(1);
    await expect.poll(() => heard.length).toBe(1);
    for (const moves of [1, 2]) {
      await expect.poll(() => relay.report().moves).toBeGreaterThanOrEqual(moves);
      send(2);
      await expect.poll(() => server.sources.size).toBeGreaterThan(moves);
    }
    await expect.poll(() => heard.length).toBeGreaterThan(1);
    const places = [...server.sources];
    expect(places[0]?.address).toBe('127.0.0.1');
    expect(new Set(places.map(({ address }) => address)).size).toBe(places.length);
    for (const { address } of places) expect(address).toMatch(/^127\./);
  });

  it('counts outages from the first datagram of a client', async () => {
    const server = station(false);
    await server.socket.bind('127.0.0.1', 0);
    const outages = [{ fromMs: 0, toMs: 100 }];
    const relay = await relayTo(server.socket.localPort, { forward: { outages } });
    const { send } = await client(relay.port);
    const startMs = performance.now();
    await expect
      .poll(
        () => {
          send(4);
          return server.heard.length;
        },
        { interval: 5 },
      )
      .toBeGreaterThan(0);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(99);
    expect(relay.report().forward.outageDrops).toBeGreaterThan(0);
  });

  it('tells every datagram, and whether its link carried it', async () => {
    const server = station(true);
    await server.socket.bind('127.0.0.1', 0);
    const seen: string[] = [];
    const relay = await relayTo(server.socket.localPort, {
      forward: { loss: 0.5 },
      watch: {
        onForward: (_nowMs, bytes, isCarried) => {
          seen.push(`forward ${bytes[7] ?? ''} ${isCarried ? 'carried' : 'lost'}`);
        },
        onBackward: (_nowMs, bytes, isCarried) => {
          seen.push(`backward ${bytes[7] ?? ''} ${isCarried ? 'carried' : 'lost'}`);
        },
      },
    });
    const { send } = await client(relay.port);
    for (let i = 0; i < 40; i += 1) send(5);
    await expect.poll(() => relay.report().backward.delivered + lost(relay)).toBe(40);
    const count = (line: string): number => seen.filter((entry) => entry === line).length;
    expect(count('forward 5 lost')).toBe(lost(relay));
    expect(lost(relay)).toBeGreaterThan(5);
    expect(count('backward 5 carried')).toBe(40 - lost(relay));
  });

  it('is silence in front of a server that is not there', async () => {
    const relay = await relayTo(9, {});
    const { send, heard } = await client(relay.port);
    send(1);
    await expect.poll(() => relay.report().forward.delivered).toBe(1);
    expect(heard).toHaveLength(0);
  });
});
