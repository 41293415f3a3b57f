/** What somebody on the path can do to an opening: delay it, and nothing else. */
import { describe, expect, it } from 'vitest';
import { plainProtection } from '../../src/transport/protection.ts';
import { PASS_THROUGH } from '../../src/transport/seal.ts';
import { FLAG, INSECURE_VERSION, OPTION } from '../../src/wire/codes.ts';
import { AT, COOKIE_BYTES } from '../../src/wire/layout.ts';
import { finishSegment } from '../../src/wire/segment-write.ts';
import { SeededRandom } from '../../src/util/random.ts';
import type { Node, Talk } from './net-node.ts';
import { Net, type Packet } from './net.ts';
import { noiseOf, sealedNet, type SealedNet } from './sealed.ts';

/** Patience of the client: so long does a half-open entry of its stay. */
const PATIENCE_MS = 4_000;
const CONNECTION = { patienceMs: PATIENCE_MS };
/** Longest patience of the server, which an edited SYN may ask for, and the rest of its ports. */
const MOST_PATIENCE_MS = 130_000;

/** Where the cookie stands in a SYN: behind the common options, VERSIONS and its own head. */
const COOKIE_AT = 38;

/** What follows an attack: the honest message again, or nothing. */
type End = 'honest' | 'silence';

function flagsOf(packet: Packet): number {
  return packet.bytes[AT.FLAGS]!;
}

/** 1 for a SYN, 2 for its answer, 3 for the third message, 0 for all else. */
function messageOf(packet: Packet, seen: { third: boolean }): 0 | 1 | 2 | 3 {
  const flags = flagsOf(packet);
  if (flags === (FLAG.CNT | FLAG.SYN)) return 1;
  if (flags === (FLAG.CNT | FLAG.SYN | FLAG.ACK)) return 2;
  if (flags !== (FLAG.CNT | FLAG.ACK) || seen.third) return 0;
  seen.third = true;
  return 3;
}

/** The checksum as an attacker puts it right: over what each message shows in the clear. */
function mend(bytes: Uint8Array, n: number): void {
  const headerLength = Math.min(bytes[AT.HEADER_LENGTH]!, bytes.length);
  if (headerLength < 20) return;
  const isClear = (bytes[AT.FLAGS]! & (FLAG.SYN | FLAG.ACK)) === FLAG.SYN;
  finishSegment(bytes, 0, n === 1 || isClear ? bytes.length : headerLength);
}

interface Attack {
  readonly n: 1 | 2 | 3;
  readonly edit: (bytes: Uint8Array) => void;
  readonly isMended: boolean;
}

interface Scene extends SealedNet {
  readonly talk: Talk;
  /** Whether honest copies of the message pass. */
  isHonest: boolean;
}

/** An opening whose first copy of message `n` is edited on its way; then, honest ones if wanted. */
function attack({ n, edit, isMended }: Attack): Scene {
  const scene = sealedNet();
  const { net, server, client } = scene;
  const talk = client.connect(0, server, CONNECTION);
  const attacked: Scene = { ...scene, talk, isHonest: false };
  const seen = { third: false };
  let isEdited = false;
  net.isRecording = false;
  net.tap = (packet) => {
    // Behind the third message, what the client says is as good as that.
    const isBehind = n === 3 && isEdited && packet.from === client.address;
    const isIt = messageOf(packet, seen) === n || isBehind;
    if (!isIt) return [packet];
    if (isEdited) return attacked.isHonest ? [packet] : [];
    isEdited = true;
    const bytes = packet.bytes.slice();
    edit(bytes);
    if (isMended) mend(bytes, n);
    return [{ ...packet, bytes }];
  };
  talk.say('hello');
  return attacked;
}

/** Lengths of the three messages, and one opening in which all goes well. */
function lengths(): Map<number, number> {
  const found = new Map<number, number>();
  const { net, server, client } = sealedNet();
  const seen = { third: false };
  net.tap = (packet) => {
    const n = messageOf(packet, seen);
    if (n > 0) found.set(n, packet.bytes.length);
    return [packet];
  };
  client.connect(0, server, CONNECTION).say('hello');
  net.run(200);
  expect(server.newest.messages).toEqual(['hello']);
  return found;
}

function isForgotten(node: Node): boolean {
  const { connectionCount, quietCount } = node.endpoint;
  return connectionCount === 0 && quietCount === 0 && node.endpoint.stats().halfOpen === 0;
}

/** Positions of the message whose change means nothing: its checksum, and the cookie's value. */
function isIndifferent(n: number, at: number): boolean {
  if (at === AT.CHECKSUM || at === AT.CHECKSUM + 1) return true;
  return n === 1 && at >= COOKIE_AT && at < COOKIE_AT + COOKIE_BYTES;
}

/**
 * Edits byte `at` of message `n`, and lets no honest copy pass for a second: no side may take it.
 * Then the honest repetition must succeed; or, if it never comes, nothing may be left.
 */
function tryEdit(n: 1 | 2 | 3, at: number, mask: number, isMended: boolean, end: End): void {
  const isMute = isMended && isIndifferent(n, at);
  const edit = (bytes: Uint8Array): void => {
    bytes[at]! ^= mask;
  };
  const name = `message ${n}, byte ${at} ^ ${mask}, mended ${isMended}`;
  const scene = attack({ n, edit, isMended });
  const { net, server, talk } = scene;
  const isTaken = (): boolean => server.talks.some(({ messages }) => messages[0] === 'hello');
  net.run(1_000);
  if (isTaken() !== isMute) expect.fail(`${name}: taken ${isTaken()}`);
  if (isMute) return;
  // The client cannot know yet what became of its third message.
  const isSatisfied = talk.connection.state === 'established' && n !== 3;
  if (isSatisfied) expect.fail(`${name}: the client is satisfied`);
  if (end === 'honest') {
    scene.isHonest = true;
    if (!net.runUntil(isTaken, PATIENCE_MS - 1_100)) expect.fail(`${name}: no repetition passed`);
    return;
  }
  net.run(MOST_PATIENCE_MS);
  if (!isForgotten(server)) expect.fail(`${name}: the server keeps something`);
  if (talk.closed === undefined) expect.fail(`${name}: the client waits for ever`);
}

describe('an opening under attack', () => {
  const sizes = lengths();

  it.each([1, 2, 3] as const)('P-KEY-02 P-KEY-04 no flipped bit of message %i passes', (n) => {
    const bytes = sizes.get(n)!;
    // The SYN's padding is all alike: of it every 17th byte; of everything else each bit.
    for (let at = 0; at < bytes; at += n === 1 && at > 180 ? 17 : 1) {
      for (let bit = 0; bit < 8; bit += 1) tryEdit(n, at, 1 << bit, true, 'honest');
      tryEdit(n, at, 1 << (at & 7), false, 'honest');
      tryEdit(n, at, 1 << (at & 7), true, 'silence');
    }
  });

  it.each([1, 2] as const)('P-KEY-02 no byte of message %i can be replaced', (n) => {
    const random = new SeededRandom(n);
    for (let at = 0; at < sizes.get(n)!; at += 1) {
      tryEdit(n, at, random.integer(1, 255), true, at % 8 === 0 ? 'silence' : 'honest');
    }
  });

  it('P-KEY-04 an edited SYN-ACK that comes first does not stop the opening', () => {
    const { net, server, client } = sealedNet();
    const seen = { third: false };
    net.tap = (packet) => {
      if (messageOf(packet, seen) !== 2) return [packet];
      const copies = [60, 70, 100, 150].map((at) => {
        const bytes = packet.bytes.slice();
        bytes[at]! ^= 0x55;
        mend(bytes, 2);
        return { ...packet, bytes };
      });
      return [...copies, { ...packet, lateMs: 5 }];
    };
    const talk = client.connect(0, server, CONNECTION);
    talk.say('hello');
    net.run(100);
    expect(server.newest.messages).toEqual(['hello']);
    expect(client.drops()).toEqual({ seal: 4 });
    // The SYN was sent once: nobody repeated it because of the forgeries.
    expect(
      net.sent.filter((packet) => packet.from === client.address && packet.bytes[AT.FLAGS] === 6),
    ).toHaveLength(1);
  });

  it('P-KEY-02 P-KEY-07 a version edited out of the list, or into it, opens nothing', () => {
    for (const version of [INSECURE_VERSION, 0, 2]) {
      const { net, server, client } = sealedNet();
      net.tap = (packet) => {
        const bytes = packet.bytes.slice();
        const at = bytes.indexOf(OPTION.VERSIONS, 32);
        if (at !== 32) return [packet];
        bytes[at + 2] = version;
        mend(bytes, 1);
        return [{ ...packet, bytes }];
      };
      const talk = client.connect(0, server, CONNECTION);
      net.run(MOST_PATIENCE_MS);
      expect(server.drops()).toMatchObject({ version: expect.any(Number) as number });
      expect(talk.closed).toMatchObject({ kind: 'timedOut', phase: 'opening' });
      expect(server.endpoint.stats().accepted).toBe(0);
    }
  });

  it('P-KEY-07 neither wire answers the other: sealed and unsealed', () => {
    const plain = plainProtection(PASS_THROUGH, INSECURE_VERSION);
    for (const [mine, theirs] of [
      [plain, noiseOf(2)],
      [noiseOf(1), plain],
    ] as const) {
      const net = new Net();
      const server = net.add(1, { protection: theirs });
      const client = net.add(2, { protection: mine, accepts: false });
      const talk = client.connect(0, server, CONNECTION);
      net.run(MOST_PATIENCE_MS);
      expect(net.sent.filter(({ from }) => from === server.address)).toEqual([]);
      expect(talk.closed).toEqual({ kind: 'timedOut', phase: 'opening', advice: 0 });
      expect(server.drops()).toEqual({ version: net.sent.length });
    }
  });

  it('P-KEY-03 a server with another key than the trusted one never sees who asks', () => {
    const { net, server, client } = sealedNet();
    const talk = client.connect(0, server, { ...CONNECTION, trusts: () => false });
    talk.say('secret');
    // The answer comes twice in one batch: the second finds the attempt over.
    net.tap = (packet) => (packet.from === server.address ? [packet, packet, packet] : [packet]);
    net.run(MOST_PATIENCE_MS);
    expect(talk.closed).toMatchObject({ kind: 'untrusted' });
    expect(net.sent.filter(({ from }) => from === client.address)).toHaveLength(1);
    expect(isForgotten(server)).toBe(true);
  });
});
