import { describe, expect, it } from 'vitest';
import { DEFAULT_CONNECTION_CONFIG } from '../../../src/transport/config.ts';
import { PathGroup } from '../../../src/transport/path-group.ts';
import { PeerWindow } from '../../../src/transport/peer-window.ts';
import { MAX_PORTS_IN_USE, PortTable } from '../../../src/transport/port-table.ts';
import { QuietEntry } from '../../../src/transport/quiet.ts';
import { toyMac } from '../../../src/transport/seal.ts';
import { SeededRandom } from '../../../src/util/random.ts';
import { accepted } from './player.ts';
import { pattern } from './segments.ts';
import { peerAddress } from './station.ts';

const CLOSE_BYTES = 36;
const RANDOM = new SeededRandom(1);

function resting(port: number, synKey = '', answer?: Uint8Array): QuietEntry {
  const closed = { localPort: port, remotePort: 4000, peer: peerAddress(9) };
  return new QuietEntry({ ...closed, lastAnswer: answer, quietMs: 750 }, synKey);
}

describe('PathGroup', () => {
  it('lets in what its window takes, and remembers that it was the brake', () => {
    const path = new PathGroup({ ...DEFAULT_CONNECTION_CONFIG, initialWindowSegments: 2 }, RANDOM);
    expect(path.controller.cwndBytes).toBe(2_800);
    path.flightBytes = 1_400;
    expect([path.mayStart(0, 1_400), path.isCwndLimited]).toEqual([true, false]);
    expect([path.mayStart(0, 1_401), path.isCwndLimited]).toEqual([false, true]);
  });

  it('always takes one segment when nothing is in flight', () => {
    const path = new PathGroup({ ...DEFAULT_CONNECTION_CONFIG, initialWindowSegments: 1 }, RANDOM);
    expect([path.mayStart(0, 9_000), path.isCwndLimited]).toEqual([true, false]);
    path.flightBytes = 1;
    expect(path.mayStart(0, 9_000)).toBe(false);
  });

  it('has the controller of the configuration', () => {
    const config = { ...DEFAULT_CONNECTION_CONFIG, controller: 'founding' } as const;
    expect(new PathGroup(config, RANDOM).controller.name).toBe('founding');
  });
});

describe('PeerWindow', () => {
  it('moves its edges right only', () => {
    const window = new PeerWindow(100);
    expect(window.allows(100, 0)).toBe(false);
    window.update(110, 5_000);
    window.update(105, 4_000);
    window.update(107, undefined);
    expect([window.windowEdge, window.creditEdge]).toEqual([110, 5_000]);
    expect(window.allows(109, 5_000)).toBe(true);
    expect([window.allows(110, 1), window.allows(109, 5_001)]).toEqual([false, false]);
    window.update(111, 5_001);
    expect(window.allows(110, 5_001)).toBe(true);
  });

  it('asks at doubling intervals until it opens', () => {
    const window = new PeerWindow(0);
    const waits: number[] = [];
    let nowMs = 0;
    for (let i = 0; i < 6; i += 1) {
      window.onBlocked(nowMs, 200, 1_000);
      window.onBlocked(nowMs + 50, 200, 1_000);
      waits.push(window.nextTimeout() - nowMs);
      nowMs = window.nextTimeout();
      window.handleTimeout(nowMs - 1);
      expect(window.isProbeDue).toBe(false);
      window.handleTimeout(nowMs);
      expect([window.isProbeDue, window.nextTimeout()]).toEqual([true, Infinity]);
      window.onBlocked(nowMs, 200, 1_000);
      expect(window.nextTimeout()).toBe(Infinity);
      window.onProbeSent();
    }
    expect([waits, window.probesSent]).toEqual([[200, 400, 800, 1_000, 1_000, 1_000], 6]);
    window.onOpen();
    window.onBlocked(nowMs, 200, 1_000);
    expect(window.nextTimeout()).toBe(nowMs + 200);
    window.onOpen();
    expect(window.nextTimeout()).toBe(Infinity);
  });

  it('waits at least the timeout, even above the cap', () => {
    const window = new PeerWindow(0);
    window.onBlocked(0, 3_000, 1_000);
    expect(window.nextTimeout()).toBe(3_000);
  });
});

describe('PortTable', () => {
  it('P-PORT-02 draws ports that are free, and frees one that rests when all are taken', () => {
    const table = new PortTable();
    const random = new SeededRandom(3);
    const ports = new Set<number>();
    for (let i = 0; i < MAX_PORTS_IN_USE; i += 1) {
      const port = table.freePort(random);
      expect(port > 0 && port < 65_536 && !ports.has(port)).toBe(true);
      ports.add(port);
      table.addQuiet(resting(port, `syn ${port}`));
    }
    const [oldest] = ports;
    expect(table.quietCount).toBe(MAX_PORTS_IN_USE);
    const port = table.freePort(random);
    expect([table.quietCount, table.find(oldest!)]).toEqual([MAX_PORTS_IN_USE - 1, undefined]);
    expect(table.findSyn(`syn ${oldest}`)).toBeUndefined();
    expect(port === oldest || !ports.has(port)).toBe(true);
  });

  it('finds connections by port and by the SYN that made them, and forgets both', () => {
    const table = new PortTable();
    const { connection } = accepted();
    table.add(connection);
    table.noteSyn('key', connection);
    const port = connection.localPort;
    expect([table.find(port), table.findSyn('key')]).toEqual([connection, connection]);
    expect([table.connectionCount, connection.synKey]).toEqual([1, 'key']);
    expect([table.remove(connection), table.remove(connection)]).toEqual([true, false]);
    expect([table.find(port), table.findSyn('key'), table.connectionCount]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    const entry = resting(port, 'key');
    table.addQuiet(entry);
    expect([table.find(port), table.findSyn('key')]).toEqual([entry, entry]);
    table.removeQuiet(entry);
    expect([table.find(port), table.findSyn('key'), table.quietCount]).toEqual([
      undefined,
      undefined,
      0,
    ]);
  });

  it('keeps no SYN for an initiator', () => {
    const table = new PortTable();
    table.addQuiet(resting(5));
    expect(table.findSyn('')).toBeUndefined();
  });
});

describe('QuietEntry', () => {
  it('P-CLOSE-05 is at most 128 bytes of state', () => {
    const synKey = `${peerAddress(9).key}/65535/4294967295`;
    const entry = resting(65_535, synKey, new Uint8Array(CLOSE_BYTES));
    const bytesOf = (value: unknown): number => {
      if (typeof value === 'string') return value.length;
      return value instanceof Uint8Array ? value.length : 8;
    };
    const bytes = Object.values(entry).reduce<number>((sum, value) => sum + bytesOf(value), 0);
    expect(bytes).toBeLessThanOrEqual(128);
  });

  it('P-CLOSE-05 answers fins of stage 1 and 3 once per timeout', () => {
    const answer = new Uint8Array(CLOSE_BYTES);
    const entry = resting(7, '', answer);
    expect([0, 2, 4].map((stage) => entry.answer(0, stage))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(entry.answer(0, 1)).toBe(answer);
    expect([entry.answer(0, 3), entry.answer(249, 3)]).toEqual([undefined, undefined]);
    expect(entry.answer(250, 3)).toBe(answer);
    expect(resting(7).answer(0, 1)).toBeUndefined();
  });
});

describe('toyMac', () => {
  const mac = toyMac(123);
  const sealed = (txn = 9): Uint8Array => {
    const bytes = new Uint8Array(72);
    bytes.set(pattern(64));
    mac.seal(bytes, 0, 32, 64, txn);
    return bytes;
  };

  it('opens what it sealed, under its number and key only', () => {
    expect(mac.open(sealed(), 0, 32, 72, 9)).toBe(true);
    expect(mac.open(sealed(), 0, 32, 72, 10)).toBe(false);
    expect(toyMac(124).open(sealed(), 0, 32, 72, 9)).toBe(false);
  });

  it('notices a change of any bit but those of the checksum', () => {
    for (let bit = 0; bit < 72 * 8; bit += 1) {
      const bytes = sealed();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const isChecksum = bit >> 3 === 14 || bit >> 3 === 15;
      expect(mac.open(bytes, 0, 32, 72, 9), `bit ${bit}`).toBe(isChecksum);
    }
  });
});
