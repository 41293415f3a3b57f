import { describe, expect, it } from 'vitest';
import { type NetworkInterface, PathLimits, readInterfaces } from '../../../src/io/path-limits.ts';
import { SocketPeer } from '../../../src/io/peer-table.ts';

const LO: NetworkInterface = {
  mtuBytes: 65_536,
  isLoopback: true,
  addresses: ['127.0.0.1', '::1'],
  networks: ['127.0.0.1/8', '::1/128'],
};
const LAN: NetworkInterface = {
  mtuBytes: 9_000,
  isLoopback: false,
  addresses: ['192.0.2.2', 'fd00::2', 'fe80::1'],
  networks: ['192.0.2.2/24', 'fd00::2/64', 'fe80::1/64'],
};
const TUNNEL: NetworkInterface = {
  mtuBytes: 1_420,
  isLoopback: false,
  addresses: ['198.51.100.7'],
  networks: ['198.51.100.7/32'],
};
const NARROW: NetworkInterface = { ...TUNNEL, mtuBytes: 600 };

function towards(
  peer: string,
  localAddress: string,
  interfaces: readonly NetworkInterface[] = [LO, LAN, TUNNEL],
  forbidsFragments = true,
): number {
  const limits = new PathLimits(
    () => 0,
    () => interfaces,
  );
  return limits.towards({ localAddress, forbidsFragments }, new SocketPeer(peer, 1));
}

describe('the largest datagram towards a peer', () => {
  it('is what the interface of the own address takes, less IP and UDP', () => {
    expect(towards('203.0.113.9', '192.0.2.2')).toBe(8_972);
    expect(towards('2001:db8::9', 'fd00::2')).toBe(8_952);
    expect(towards('203.0.113.9', '198.51.100.7')).toBe(1_392);
    expect(towards('fe80::9%eth0', 'fe80::1%eth0')).toBe(8_952);
  });

  it('is a whole datagram over loopback', () => {
    expect(towards('127.0.0.1', '127.0.0.1')).toBe(65_507);
    expect(towards('::1', '::1')).toBe(65_488);
  });

  it('is told by the network of the peer where the own address is any', () => {
    expect(towards('192.0.2.9', '0.0.0.0')).toBe(8_972);
    expect(towards('::ffff:127.0.0.1', '::')).toBe(65_507);
    expect(towards('::1', '::')).toBe(65_488);
  });

  it('is that of the widest way outside where nothing tells more', () => {
    expect(towards('203.0.113.9', '0.0.0.0')).toBe(8_972);
    expect(towards('203.0.113.9', '::', [LO, TUNNEL])).toBe(1_392);
  });

  it('is 1,500 less the headers where nothing is known', () => {
    expect(towards('203.0.113.9', '0.0.0.0', [])).toBe(1_472);
    expect(towards('2001:db8::9', '::', [LO])).toBe(1_452);
  });

  it('P-MTU-07 is 1,452 at most where fragments are not forbidden, but over loopback', () => {
    expect(towards('203.0.113.9', '192.0.2.2', [LO, LAN], false)).toBe(1_452);
    expect(towards('127.0.0.1', '127.0.0.1', [LO], false)).toBe(65_507);
    expect(towards('203.0.113.9', '198.51.100.7', [TUNNEL], false)).toBe(1_392);
  });

  it('is never below what every path has to carry', () => {
    expect(towards('203.0.113.9', '198.51.100.7', [NARROW])).toBe(1_200);
  });

  it('follows the interfaces, which are read anew after ten seconds', () => {
    let nowMs = 0;
    let mtuBytes = 1_500;
    const limits = new PathLimits(
      () => nowMs,
      () => [{ ...LAN, mtuBytes }],
    );
    const limit = () =>
      limits.towards(
        { localAddress: '192.0.2.2', forbidsFragments: true },
        new SocketPeer('192.0.2.9', 1),
      );
    expect(limit()).toBe(1_472);
    mtuBytes = 9_000;
    nowMs = 9_999;
    expect(limit()).toBe(1_472);
    nowMs = 10_000;
    expect(limit()).toBe(8_972);
  });
});

describe('the interfaces of this machine', () => {
  it('have loopback, with an MTU', () => {
    const loopback = readInterfaces().find(({ addresses }) => addresses.includes('127.0.0.1'));
    expect(loopback).toMatchObject({ isLoopback: true });
    expect(loopback!.networks).toContain('127.0.0.1/8');
    expect(loopback!.mtuBytes).toBeGreaterThanOrEqual(1_500);
  });
});
