/** A server that has forgotten a connection says so, once its client can know that it is true. */
import { describe, expect, it } from 'vitest';
import { MAX_RESETS_PER_SECOND } from '../../src/transport/strangers.ts';
import { FLAG } from '../../src/wire/codes.ts';
import { AT, RESET_SEGMENT_BYTES, RESET_TOKEN_BYTES } from '../../src/wire/layout.ts';
import { finishSegment } from '../../src/wire/segment-write.ts';
import type { Talk } from './net-node.ts';
import { addressOf, Net, type Packet } from './net.ts';
import { noiseOf, openSealed, resetTokensOf } from './sealed.ts';

function isReset({ bytes }: Packet): boolean {
  return bytes.length === RESET_SEGMENT_BYTES && bytes[24] === 7;
}

function openWithTokens() {
  return openSealed({}, { resetTokens: resetTokensOf(5) });
}

type Scene = ReturnType<typeof openWithTokens>;

/** The server's machine starts anew and has forgotten everything but its secrets. */
function restart({ net, server }: Scene, tokens = 5) {
  return net.replace(server, { protection: noiseOf(2), resetTokens: resetTokensOf(tokens) });
}

/** A reset with `token` as the server would send it to `talk`. */
function resetFor({ server, client }: Scene, talk: Talk, token: Uint8Array): Packet {
  const { localPort, remotePort } = talk.connection;
  const bytes = new Uint8Array(RESET_SEGMENT_BYTES);
  bytes.set([remotePort >> 8, remotePort, localPort >> 8, localPort]);
  bytes.set([RESET_SEGMENT_BYTES, FLAG.CNT], AT.HEADER_LENGTH);
  bytes.set([2, 4, 0, 0, 7, 18, ...token], 20);
  finishSegment(bytes, 0, bytes.length);
  return { from: server.address, to: client.address, bytes };
}

/** A segment that nobody knows: `bytes` of it, for `port` of the server. */
function stray(port: number, bytes: number, from = addressOf(77)): Packet {
  const segment = new Uint8Array(bytes);
  segment.set([9, 9, port >> 8, port]);
  segment.set([32, FLAG.DAT | FLAG.ACK], AT.HEADER_LENGTH);
  segment.set([1, 6, 0, 0, 0, 9, 2, 4, (bytes - 32) >> 8, bytes - 32], 20);
  finishSegment(segment, 0, 32);
  return { from, to: addressOf(1), bytes: segment };
}

describe('a server that was started anew', () => {
  it('P-RESET-01 P-RESET-02 says so to a client that goes on, which ends at once', () => {
    const scene = openWithTokens();
    const { net, near } = scene;
    const anew = restart(scene);
    near.say('get 100000');
    net.run(100);
    expect(near.closed).toEqual({ kind: 'reset' });
    expect(anew.endpoint.stats().resetsSent).toBe(1);
    const [reset] = net.sent.filter(isReset);
    const asked = net.sent.filter(({ from }) => from === scene.client.address).at(-1)!;
    expect(reset!.bytes.length).toBeLessThan(asked.bytes.length);
    net.run(1_000);
    expect(scene.client.endpoint.connectionCount).toBe(0);
    // The same client opens another connection as if nothing had been.
    const again = scene.client.connect(net.nowMs, anew);
    again.say('get 5000');
    expect(net.runUntil(() => again.recordsEnded === 1, 2_000)).toBe(true);
  });

  it('P-RESET-02 ends nothing under another secret: the client waits for its patience', () => {
    const scene = openWithTokens();
    const { net, near, client } = scene;
    const anew = restart(scene, 6);
    near.say('get 100000');
    net.run(5_000);
    expect(near.closed).toBeUndefined();
    expect(anew.endpoint.stats().resetsSent).toBeGreaterThan(0);
    const areDropped = (): boolean => client.drops()['reset'] === anew.endpoint.stats().resetsSent;
    expect(net.runUntil(areDropped, 100)).toBe(true);
    net.run(30_000);
    expect(near.closed).toMatchObject({ kind: 'timedOut', phase: 'silence' });
  });
});

describe('a reset', () => {
  it('P-RESET-02 counts with every bit of the token, and from the server’s address alone', () => {
    const scene = openWithTokens();
    const { net, near, client } = scene;
    const { localPort, remotePort } = near.connection;
    const token = resetTokensOf(5).make(client.address, remotePort, localPort);
    for (let bit = 0; bit < 8 * RESET_TOKEN_BYTES; bit += 1) {
      const wrong = token.slice();
      wrong[bit >> 3]! ^= 1 << (bit & 7);
      net.inject(resetFor(scene, near, wrong));
    }
    net.inject({ ...resetFor(scene, near, token), from: addressOf(66) });
    net.run(1_000);
    expect(near.closed).toBeUndefined();
    expect(client.drops()).toMatchObject({ reset: 8 * RESET_TOKEN_BYTES, address: 1 });
    net.inject(resetFor(scene, near, token));
    net.run(10);
    expect(near.closed).toEqual({ kind: 'reset' });
  });

  it('P-RESET-02 no token of one connection is right for another', () => {
    const scene = openWithTokens();
    const { net, client, server, near } = scene;
    const others = Array.from({ length: 20 }, () => client.connect(net.nowMs, server));
    net.run(200);
    const seen = new Set<string>();
    for (const talk of [near, ...others]) {
      const { localPort, remotePort } = talk.connection;
      const token = resetTokensOf(5).make(client.address, remotePort, localPort);
      seen.add(token.join());
      for (const other of [near, ...others]) {
        if (other !== talk) net.inject(resetFor(scene, other, token));
      }
    }
    net.run(200);
    expect(seen.size).toBe(21);
    expect([near, ...others].map(({ closed }) => closed)).toEqual(Array(21).fill(undefined));
  });

  it('P-RESET-02 does nothing to a server', () => {
    const scene = openWithTokens();
    const { net, client, far } = scene;
    const { localPort, remotePort } = far.connection;
    const token = resetTokensOf(5).make(client.address, localPort, remotePort);
    const { bytes } = resetFor(scene, far, token);
    net.inject({ from: client.address, to: scene.server.address, bytes });
    net.run(100);
    expect(far.closed).toBeUndefined();
    expect(scene.server.drops()).toEqual({ reset: 1 });
  });

  it('P-RESET-01 is never sent for a port in use, for an opening, or for what is short', () => {
    const scene = openWithTokens();
    const { net, server, far, client } = scene;
    const { localPort } = far.connection;
    const free = localPort === 9 ? 10 : 9;
    net.inject(stray(localPort, 200));
    net.inject(stray(localPort, 200, client.address));
    net.inject(stray(free, RESET_SEGMENT_BYTES));
    const syn = net.sent[0]!.bytes.slice();
    syn.set([0, free], AT.DESTINATION_PORT);
    finishSegment(syn, 0, syn.length);
    net.inject({ from: addressOf(77), to: server.address, bytes: syn });
    net.inject({ ...resetFor(scene, far, new Uint8Array(16)), to: server.address });
    net.run(100);
    expect(server.endpoint.stats().resetsSent).toBe(0);
    // Nor while the ports of a closed connection rest.
    far.connection.abort(1);
    net.run(200);
    expect([server.endpoint.connectionCount, server.endpoint.quietCount]).toEqual([0, 1]);
    net.inject(stray(localPort, 200, client.address));
    net.run(100);
    expect(server.endpoint.stats().resetsSent).toBe(0);
    net.inject(stray(free, RESET_SEGMENT_BYTES + 1));
    net.run(100);
    expect(server.endpoint.stats().resetsSent).toBe(1);
  });

  it('P-RESET-03 leaves at most 50 times in any second, whoever asks', () => {
    const { net, server } = openWithTokens();
    const sinceMs = net.nowMs;
    const atMs: number[] = [];
    net.tap = (packet) => {
      if (isReset(packet)) atMs.push(net.nowMs);
      return [];
    };
    for (let i = 0; i < 5_000; i += 1) {
      net.inject(stray(1 + (i % 60_000), 100, addressOf(100 + (i % 300))));
      net.run(1);
    }
    const worst = Math.max(
      ...atMs.map((ms) => atMs.filter((other) => other >= ms && other < ms + 1_000).length),
    );
    expect(worst).toBeLessThanOrEqual(MAX_RESETS_PER_SECOND);
    expect(atMs.length).toBeGreaterThan(((net.nowMs - sinceMs) / 1_000) * 20);
    expect(server.endpoint.stats().resetsSent).toBe(atMs.length);
  });

  it('P-RESET-03 a forged datagram keeps two servers busy for ten datagrams at most', () => {
    for (const length of [45, 46, 100, 1_400]) {
      const net = new Net();
      const a = net.add(1, { protection: noiseOf(1), resetTokens: resetTokensOf(1) });
      const b = net.add(2, { protection: noiseOf(2), resetTokens: resetTokensOf(2) });
      net.inject({ ...stray(5, length, b.address), to: a.address });
      net.run(60_000);
      expect(net.sent.length).toBeLessThanOrEqual(10);
      expect([a, b].map(({ endpoint }) => endpoint.connectionCount)).toEqual([0, 0]);
    }
  });
});
