/** A client whose address changes while a connection is open. */
import { describe, expect, it } from 'vitest';
import type { PeerAddress } from '../../src/transport/types.ts';
import { FLAG } from '../../src/wire/codes.ts';
import { AT } from '../../src/wire/layout.ts';
import { Nat } from './nat.ts';
import { addressOf, type NetOptions, type Packet } from './net.ts';
import { resetTokensOf, sealedNet } from './sealed.ts';

const HOME = addressOf(50, 1_000);
const OTHER_PORT = addressOf(50, 1_001);
const OTHER_HOST = addressOf(51, 1_000);
const LINE: NetOptions = { delayMs: 20, bitsPerSecond: 40_000_000, queueMs: 50 };

function isData({ bytes }: Packet): boolean {
  return (bytes[AT.FLAGS]! & (FLAG.DAT | FLAG.OP)) !== 0;
}

/** 'question' or 'answer' of a CHALLENGE behind the common options. */
function challengeOf({ bytes }: Packet): 'question' | 'answer' | undefined {
  if (bytes[AT.HEADER_LENGTH] !== 44 || bytes[32] !== 8) return undefined;
  return bytes[34] === 1 ? 'answer' : 'question';
}

function openBehindNat(options: NetOptions = LINE) {
  const scene = sealedNet(options, { resetTokens: resetTokensOf(5) });
  const { net, server, client } = scene;
  const nat = new Nat(net, client, HOME);
  const near = client.connect(0, server);
  near.say('hello');
  net.run(400);
  const far = server.newest;
  expect(far.messages).toEqual(['hello']);
  return { ...scene, nat, near, far };
}

type Scene = ReturnType<typeof openBehindNat>;

/** Packets that `server` sent to `to` from now on. */
function watchFor({ nat, server }: Scene, to: PeerAddress): Packet[] {
  const found: Packet[] = [];
  nat.watch = (packet) => {
    if (packet.from === server.address && packet.to === to) found.push(packet);
  };
  return found;
}

/** Goodput of a download of `bytes` with a move every second, `moves` times; Mbit/s. */
function download(bytes: number, moves: number, place: (i: number) => PeerAddress): number {
  const scene = openBehindNat(LINE);
  const { net, nat, near, far } = scene;
  net.isRecording = false;
  near.say(`get ${bytes}`);
  const sinceMs = net.nowMs;
  for (let move = 0; move < moves; move += 1) {
    net.run(1_000);
    nat.moveTo(place(move));
  }
  expect(near.recordsEnded).toBe(0);
  expect(net.runUntil(() => near.recordsEnded === 1, 300_000)).toBe(true);
  expect([near.isIntact, near.receivedBytes]).toEqual([true, bytes]);
  expect(far.connection.peer).toBe(nat.outside);
  return (8 * bytes) / (net.nowMs - sinceMs) / 1_000;
}

describe('a client at another address', () => {
  it.each([
    ['another port', OTHER_PORT, true],
    ['another host', OTHER_HOST, false],
  ])('P-MOVE-04 P-MOVE-05 is found again, and the window is the path’s: %s', (_, to, isKept) => {
    // Without a queue that drops, so that only the move loses something.
    const { net, nat, near, far } = openBehindNat({ ...LINE, queueMs: 10_000 });
    near.say('get 3000000');
    net.runUntil(() => near.receivedBytes > 250_000);
    expect(near.recordsEnded).toBe(0);
    const before = far.connection.stats();
    nat.moveTo(to);
    net.runUntil(() => far.connection.peer === to, 1_000);
    const after = far.connection.stats();
    expect(far.connection.peer).toBe(to);
    if (isKept) expect(after.cwndBytes).toBeGreaterThanOrEqual(before.cwndBytes);
    else expect(after.cwndBytes).toBe(32 * 1_400);
    if (isKept) expect(after.minRttMs).toBe(before.minRttMs);
    else expect(after.srttMs).toBe(0);
    expect(net.runUntil(() => near.recordsEnded === 1, 20_000)).toBe(true);
    expect([near.isIntact, near.receivedBytes]).toEqual([true, 3_000_000]);
    expect(nat.lost).toBeGreaterThan(10);
    expect(far.connection.stats().fastRecoveries).toBe(0);
  });

  it('P-MOVE-02 gets no data before the challenge came back', () => {
    const scene = openBehindNat();
    const { net, nat, near, far } = scene;
    near.say('get 3000000');
    net.runUntil(() => near.receivedBytes > 500_000);
    const toNew = watchFor(scene, OTHER_HOST);
    const watched = nat.watch;
    let isAnswered = false;
    nat.watch = (packet) => {
      if (challengeOf(packet) === 'answer') isAnswered = true;
      if (packet.to === OTHER_HOST && !isAnswered) expect(challengeOf(packet)).toBe('question');
      watched(packet);
    };
    nat.moveTo(OTHER_HOST);
    net.run(500);
    expect(far.connection.peer).toBe(OTHER_HOST);
    expect(toNew.filter((packet) => isData(packet)).length).toBeGreaterThan(10);
  });

  it('P-MOVE-02 whoever sends the client’s segments on from elsewhere gets questions alone', () => {
    const scene = openBehindNat();
    const { net, server, nat, near, far } = scene;
    near.say('get 3000000');
    net.run(50);
    const stolen: Packet[] = [];
    // Its copy is quicker than the segment itself, and so is the newest of all.
    const original = net.tap;
    net.tap = (packet) => {
      const passed = original(packet);
      if (packet.to === OTHER_HOST) stolen.push(packet);
      if (packet.to !== server.address) return passed;
      return passed.flatMap((one) => [
        { ...one, from: OTHER_HOST },
        { ...one, lateMs: 2 },
      ]);
    };
    expect(net.runUntil(() => near.recordsEnded === 1, 60_000)).toBe(true);
    net.run(5_000);
    expect(stolen.map((packet) => challengeOf(packet))).toEqual(stolen.map(() => 'question'));
    expect(stolen.length).toBeGreaterThan(0);
    expect(far.connection.peer).toBe(HOME);
    expect(nat.outside).toBe(HOME);
  });

  it('P-MOVE-01 old segments from elsewhere move nothing, and ask nothing', () => {
    const scene = openBehindNat();
    const { net, server, near, far } = scene;
    const captured: Packet[] = [];
    const toOther = watchFor(scene, OTHER_HOST);
    const { tap } = net;
    net.tap = (packet) => {
      const passed = tap(packet);
      if (packet.to === server.address) captured.push(...passed);
      return passed;
    };
    near.say('get 500000');
    net.runUntil(() => near.recordsEnded === 1);
    net.run(100);
    net.tap = tap;
    expect(captured.length).toBeGreaterThan(50);
    for (const packet of captured) net.inject({ ...packet, from: OTHER_HOST });
    net.run(1_000);
    expect(toOther).toEqual([]);
    expect(far.connection.peer).toBe(HOME);
    expect(near.closed).toBeUndefined();
  });

  it('P-MOVE-03 is asked four times, and then once a second', () => {
    const scene = openBehindNat();
    const { net, nat, near, far } = scene;
    near.post(30_000_000);
    net.run(20);
    // The server's answers never come through: its questions do not reach anybody.
    const atMs: number[] = [];
    const { tap } = net;
    net.tap = (packet) => {
      if (challengeOf(packet) === 'question') {
        atMs.push(net.nowMs);
        return [];
      }
      return tap(packet);
    };
    nat.moveTo(OTHER_HOST);
    net.run(10_000);
    for (const ms of atMs) {
      const inOneSecond = atMs.filter((other) => other >= ms && other < ms + 999).length;
      expect(inOneSecond).toBeLessThanOrEqual(5);
    }
    expect(atMs.length).toBeGreaterThanOrEqual(4);
    expect(atMs.length).toBeLessThanOrEqual(4 + 10);
    expect(far.connection.peer).toBe(HOME);
    // Once one comes through, all goes on.
    net.tap = tap;
    expect(net.runUntil(() => far.recordsEnded === 1, 60_000)).toBe(true);
    expect([far.isIntact, far.receivedBytes]).toEqual([true, 30_000_000]);
  });

  it('P-MOVE-03 is asked once, however many segments come before the answer', () => {
    const { net, server, nat, near, far } = openBehindNat();
    near.post(30_000_000);
    net.run(200);
    const questions: PeerAddress[] = [];
    nat.watch = (packet) => {
      if (packet.from === server.address && challengeOf(packet) === 'question') {
        questions.push(packet.to);
      }
    };
    const places = Array.from({ length: 6 }, (_, i) => addressOf(51 + i, 1_000));
    for (const place of places) {
      nat.moveTo(place);
      net.run(400);
      expect(far.connection.peer).toBe(place);
    }
    expect(questions).toEqual(places);
    expect(net.runUntil(() => far.recordsEnded === 1, 60_000)).toBe(true);
  });

  it('P-MOVE-04 its reset token is the new address’s, and the old one is good for a while', () => {
    for (const isMoved of [true, false]) {
      const scene = openBehindNat();
      const { net, nat, near, far } = scene;
      nat.moveTo(OTHER_PORT);
      near.say('here');
      net.run(200);
      expect(far.connection.peer).toBe(OTHER_PORT);
      if (!isMoved) nat.moveTo(HOME);
      const { protection } = scene.server;
      net.replace(scene.server, { protection, resetTokens: resetTokensOf(5) });
      near.say('and now');
      net.run(200);
      expect(near.closed).toEqual({ kind: 'reset' });
    }
  });

  it('P-MOVE-05 P-MOVE-06 twenty moves, one a second: equal, and four fifths as quick', () => {
    const undisturbed = download(60_000_000, 0, () => HOME);
    const ports = download(100_000_000, 20, (i) => addressOf(50, 2_000 + i));
    expect(undisturbed).toBeGreaterThan(30);
    expect(ports / undisturbed).toBeGreaterThan(0.8);
  });
});
