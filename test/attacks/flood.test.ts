import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_HALF_OPEN, MAX_HALF_OPEN_PER_SOURCE } from '../../src/transport/acceptor.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { Attacker, forgeSyn } from './attacker.ts';
import { exchange, receiveFile, Rig, sendFile, waitFor } from './rig.ts';

const SYNS = 5_000;
const SYNS_PER_SECOND = 5_000;
const SOURCES = 50;
const NEWCOMER_LIMIT_MS = 3_000;

let rig: Rig;

beforeEach(async () => {
  rig = await Rig.open();
});

afterEach(async () => {
  await rig.close();
});

describe('a flood of SYNs from many sources', () => {
  it('P-COOKIE-01 stops no transfer, keeps nobody out and gets no more than it sent', async () => {
    const random = new SeededRandom(1);
    const attacker = await Attacker.open(rig.target, SOURCES);
    rig.onClose(() => attacker.close());
    const { channel } = await rig.client();
    await waitFor(() => rig.channels.length === 1);
    const file = Uint8Array.from({ length: 2_000_000 }, () => random.uint32());
    const received = receiveFile(channel);
    const sending = sendFile(rig.channels[0]!, file);
    const flood = attacker.flood(SYNS, SYNS_PER_SECOND, () => forgeSyn(random));
    await waitFor(() => rig.listener.stats().cookiesAsked > 0);
    const startMs = performance.now();
    const newcomer = await rig.client();
    await waitFor(() => rig.channels.length === 2);
    await exchange(newcomer.channel, rig.channels[1]!, file.subarray(0, 10_000));
    expect(performance.now() - startMs).toBeLessThan(NEWCOMER_LIMIT_MS);
    await Promise.all([flood, sending]);
    expect(Buffer.compare(await received, file)).toBe(0);
    const { halfOpen, cookiesAsked, cookiesTaken, accepted } = rig.listener.stats();
    expect(halfOpen).toBeLessThanOrEqual(MAX_HALF_OPEN);
    expect(halfOpen).toBeLessThanOrEqual(SOURCES * MAX_HALF_OPEN_PER_SOURCE);
    expect(accepted).toBeLessThan(SYNS / 10);
    expect(cookiesAsked).toBeGreaterThan(SYNS / 2);
    expect(cookiesTaken).toBeGreaterThan(0);
    expect(rig.listener.channelCount).toBe(2);
    expect(attacker.datagramsGot).toBeGreaterThan(0);
    expect(attacker.isAmplified).toBe(false);
    expect(attacker.bytesGot).toBeLessThan(attacker.bytesSent / 4);
  });
});
