/**
 * A whole sealed opening under fixed keys, byte by byte, for whoever writes another implementation.
 * `UPDATE_GOLDEN=1 npx vitest run test/unit/transport/sealed-opening` writes it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type NoiseOptions, noiseProtection } from '../../../src/transport/noise-protection.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { AT } from '../../../src/wire/layout.ts';
import { Net } from '../../sim/net.ts';
import { PRIMITIVES } from '../../sim/sealed.ts';

const FILE = fileURLToPath(new URL('../../golden/sealed-opening.txt', import.meta.url));
const HEAD = `# An opening of wire version 1: X25519 secrets of both sides, then what travels.
# The initiator's third message asks for five bytes; they come back, and are acknowledged.
`;

/** Secrets: the bytes count up from here. */
const SECRETS = {
  'initiator static': 0x10,
  'initiator ephemeral': 0x30,
  'responder static': 0x50,
  'responder ephemeral': 0x70,
};

function counting(from: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => from + i);
}

function optionsOf(side: 'initiator' | 'responder'): NoiseOptions {
  return {
    primitives: PRIMITIVES,
    staticSecret: counting(SECRETS[`${side} static`]),
    entropy: () => counting(SECRETS[`${side} ephemeral`]),
  };
}

interface Step {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function steps(): Step[] {
  const net = new Net();
  const numbers = { initialSeq: 0x01020304, initialTxn: 0x0a0b0c0d };
  const protectionOf = (side: 'initiator' | 'responder') => noiseProtection(optionsOf(side));
  const server = net.add(1, { protection: protectionOf('responder'), ...numbers });
  const client = net.add(2, { protection: protectionOf('initiator'), ...numbers });
  const talk = client.connect(0, server);
  talk.say('get 5');
  expect(net.runUntil(() => talk.recordsEnded === 1, 1_000)).toBe(true);
  net.run(100);
  const { identity } = talk.connection;
  expect(identity?.publicKey).toEqual(PRIMITIVES.publicKey(counting(0x50)));
  expect(server.newest.connection.identity?.publicKey).toEqual(
    PRIMITIVES.publicKey(counting(0x10)),
  );
  expect(server.newest.connection.identity?.channelBinding).toEqual(identity?.channelBinding);
  const named = new Map<string, Uint8Array>();
  for (const { from, bytes } of net.sent) {
    const flags = bytes[AT.FLAGS]!;
    const side = from === client.address ? 'initiator' : 'responder';
    const isStream = (flags & (FLAG.DAT | FLAG.OP)) !== 0;
    const kind =
      flags === 0x06 ? 'SYN' : flags === 0x16 ? 'SYN-ACK' : isStream ? 'dat' : flags.toString(16);
    const name = `${side}: ${kind === '14' ? 'third message' : kind === '10' ? 'ack' : kind}`;
    if (!named.has(name)) named.set(name, bytes);
  }
  named.set('handshake hash', identity!.channelBinding);
  const wanted = [
    'initiator: SYN',
    'responder: SYN-ACK',
    'initiator: third message',
    'responder: dat',
    'initiator: ack',
    'handshake hash',
  ];
  return wanted.map((name) => ({ name, bytes: named.get(name)! }));
}

function textOf({ name, bytes }: Step): string {
  return `${name}\n${Buffer.from(bytes)
    .toString('hex')
    .replace(/.{1,64}/g, '    $&\n')}`;
}

describe('a sealed opening under fixed keys', () => {
  const secrets = Object.entries(SECRETS).map(([name, from]) => ({ name, bytes: counting(from) }));
  const text = [HEAD, ...[...secrets, ...steps()].map((step) => textOf(step))].join('\n');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(FILE, text);

  it('P-KEY-01 P-KEY-05 is what it was, byte by byte', () => {
    expect(text).toBe(readFileSync(FILE, 'utf8'));
  });

  it('P-KEY-01 hides the keys of both sides, and everything behind them', () => {
    const [syn, synAck, third] = steps().map(({ bytes }) => Buffer.from(bytes));
    const publicOf = (from: number) => Buffer.from(PRIMITIVES.publicKey(counting(from)));
    expect(syn!.includes(publicOf(0x30))).toBe(true);
    expect(synAck!.includes(publicOf(0x70))).toBe(true);
    for (const from of [0x10, 0x50]) {
      for (const message of [syn, synAck, third]) {
        expect(message!.includes(publicOf(from))).toBe(false);
      }
    }
    expect(third!.includes('get 5')).toBe(false);
  });
});
