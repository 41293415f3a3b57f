import { describe, expect, it } from 'vitest';
import { PeerTable } from '../../../src/io/peer-table.ts';
import type { PeerAddress } from '../../../src/transport/types.ts';

const NOBODY = (): PeerAddress[] => [];

describe('PeerTable', () => {
  it('gives one object for one address, whatever came between', () => {
    const table = new PeerTable(NOBODY);
    const a = table.intern('192.0.2.1', 10_000);
    const b = table.intern('192.0.2.1', 10_001);
    const c = table.intern('192.0.2.2', 10_000);
    expect(new Set([a, b, c]).size).toBe(3);
    expect(table.intern('192.0.2.1', 10_000)).toBe(a);
    expect(table.intern('192.0.2.2', 10_000)).toBe(c);
    expect(table.intern('192.0.2.1', 10_001)).toBe(b);
    expect(table.size).toBe(3);
    expect(a).toMatchObject({ key: '192.0.2.1|10000', family: 4, port: 10_000 });
  });

  it('shows a mapped IPv4 address as IPv4 and keeps the spelling to send to', () => {
    const peer = new PeerTable(NOBODY).intern('::ffff:192.0.2.1', 9);
    expect(peer).toMatchObject({
      address: '192.0.2.1',
      family: 4,
      sendAddress: '::ffff:192.0.2.1',
      key: '192.0.2.1|9',
    });
    const other = new PeerTable(NOBODY).intern('2001:db8::1', 9);
    expect(other).toMatchObject({ address: '2001:db8::1', family: 6, sendAddress: '2001:db8::1' });
  });

  it('stays small under a flood of addresses and never forgets one in use', () => {
    const used: PeerAddress[] = [];
    const table = new PeerTable(() => used, 64);
    for (let i = 0; i < 10; i += 1) used.push(table.intern(`10.0.0.${i}`, 1));
    for (let i = 0; i < 10_000; i += 1) table.intern(`10.1.${i >> 8}.${i & 255}`, 2);
    expect(table.size).toBeLessThanOrEqual(64);
    used.forEach((peer, i) => {
      expect(table.intern(`10.0.0.${i}`, 1)).toBe(peer);
    });
  });

  it('grows when more than its cap are in use', () => {
    const used: PeerAddress[] = [];
    const table = new PeerTable(() => used, 8);
    for (let i = 0; i < 100; i += 1) used.push(table.intern('10.0.0.1', i + 1));
    used.forEach((peer, i) => {
      expect(table.intern('10.0.0.1', i + 1)).toBe(peer);
    });
    expect(table.size).toBe(100);
  });
});
