import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatKeyLine } from '../../../../src/crypto/fingerprint.ts';
import { fingerprintOf } from '../../../../src/service/identity/keys.ts';
import {
  hostName,
  lookUpHost,
  parseKnownHosts,
  withFingerprint,
  withKey,
  withoutHost,
  withoutRetired,
} from '../../../../src/service/identity/known-hosts.ts';

const key = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);
const at = (host: string, port = 10_000) => ({ host, port });
const line = (name: string, seed: number): string => `${name} ${formatKeyLine(key(seed))}`;

describe('known_hosts', () => {
  it.each([
    ['Host.Example', 10_000, 'host.example'],
    ['host', 2001, 'host:2001'],
    ['127.0.0.1', 10_000, '127.0.0.1'],
    ['::1', 10_000, '[::1]'],
    ['2001:DB8:0:0::1', 2001, '[2001:db8::1]:2001'],
    ['FE80::0:1%eth0', 10_000, '[fe80::1%eth0]'],
  ])('names %s with port %i as %s', (host, port, name) => {
    expect(hostName({ host, port })).toBe(name);
    expect(parseKnownHosts(line(name, 1)).hosts).toMatchObject([{ name }]);
  });

  it('P-LOGIN-15 loses retired keys that were learnt before the one that was shown', () => {
    const text = `${[line('a', 1), line('b', 1), line('a', 2), line('a', 3)].join('\n')}\n`;
    const left = (shown: number, ...retired: number[]): string[] => {
      const gone = retired.map((seed) => fingerprintOf(key(seed)));
      const result = withoutRetired(text, at('a'), fingerprintOf(key(shown)), gone);
      return result.trimEnd().split('\n');
    };
    expect(left(2, 1)).toEqual([line('b', 1), line('a', 2), line('a', 3)]);
    expect(left(3, 1, 2, 3)).toEqual([line('b', 1), line('a', 3)]);
    for (const unchanged of [left(1, 2, 3), left(2, 3), left(2, 9), left(9, 1)]) {
      expect(unchanged).toHaveLength(4);
    }
  });

  it('reads what it can, and tells the lines that it cannot read', () => {
    const text = [
      '# mine',
      '',
      `  ${line('a', 1)} with a comment`,
      'b lftp-x25519 short',
      `[::1]:2001\tfp ${fingerprintOf(key(2))}\r`,
      'fp',
      ':1 x',
      'c:99999 fp x',
      `host:10000 ${formatKeyLine(key(3))}`,
      'd fp SHA256:abc',
    ].join('\n');
    const { hosts, faults } = parseKnownHosts(text);
    expect(hosts.map(({ name, line: number }) => `${number} ${name}`)).toEqual([
      '3 a',
      '5 [::1]:2001',
      '9 host',
    ]);
    expect(hosts[0]).toMatchObject({ publicKey: key(1), fingerprint: fingerprintOf(key(1)) });
    expect(hosts[1]).toMatchObject({ publicKey: undefined, fingerprint: fingerprintOf(key(2)) });
    expect(faults.map(({ line: number, name }) => [number, name])).toEqual([
      [4, 'b'],
      [6, 'fp'],
      [7, undefined],
      [8, undefined],
      [10, 'd'],
    ]);
  });

  it('never throws, whatever the file holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const { hosts, faults } = parseKnownHosts(text);
        expect(hosts.length + faults.length).toBeLessThanOrEqual(text.split('\n').length);
      }),
    );
  });

  it('tells known, unknown and changed keys apart', () => {
    const text = [line('a', 1), line('a', 2), line('a:2001', 3), 'b lftp-x25519 x'].join('\n');
    const known = parseKnownHosts(text);
    expect(lookUpHost(known, at('A'), key(2))).toEqual({ kind: 'known', line: 2, isLearnt: true });
    expect(lookUpHost(known, at('a', 2001), key(1))).toEqual({
      kind: 'changed',
      line: 3,
      fingerprints: [fingerprintOf(key(3))],
    });
    expect(lookUpHost(known, at('a', 2002), key(1))).toEqual({ kind: 'unknown' });
    expect(lookUpHost(known, at('c'), key(1))).toEqual({ kind: 'unknown' });
    // A damaged line must not open the door to whoever comes first.
    expect(lookUpHost(known, at('b'), key(1))).toMatchObject({ kind: 'unreadable', line: 4 });
  });

  it('a fingerprint gives way to its key, and to no other', () => {
    const first = withFingerprint('# mine\nx y', at('a'), fingerprintOf(key(1)));
    expect(first).toBe(`# mine\nx y\na fp ${fingerprintOf(key(1))}\n`);
    expect(withFingerprint(first, at('a'), fingerprintOf(key(1)))).toBe(first);
    const pinned = parseKnownHosts(first);
    expect(lookUpHost(pinned, at('a'), key(1))).toMatchObject({ kind: 'known', isLearnt: false });
    expect(lookUpHost(pinned, at('a'), key(2))).toMatchObject({ kind: 'changed', line: 3 });
    const learnt = withKey(first, at('a'), key(1));
    expect(learnt).toBe(`# mine\nx y\n${line('a', 1)}\n`);
    expect(withKey(learnt, at('a'), key(1))).toBe(learnt);
    expect(withFingerprint(learnt, at('a'), fingerprintOf(key(1)))).toBe(learnt);
    expect(withKey(learnt, at('a'), key(2))).toBe(`${learnt}${line('a', 2)}\n`);
  });

  it('forgets a host with its unreadable lines, and leaves the rest byte for byte', () => {
    const others = ['# a comment', line('b', 2), '', 'rubbish'];
    const mine = [line('a', 1), 'a lftp-x25519 rubbish', `a fp ${fingerprintOf(key(3))}`];
    const text = [others[0], mine[0], others[1], mine[1], mine[2], ...others.slice(2)].join('\n');
    const { text: left, lines } = withoutHost(text, at('a'));
    expect(left).toBe(others.join('\n'));
    expect(lines).toEqual([2, 4, 5]);
    expect(withoutHost(left, at('a'))).toEqual({ text: left, lines: [] });
  });

  it('what is added is known, what is forgotten is unknown, and others are untouched', () => {
    const host = fc.constantFrom('a', 'b', '::1', 'a.example');
    const port = fc.constantFrom(10_000, 1, 65_535);
    const step = fc.tuple(host, port, fc.integer({ min: 0, max: 3 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let text = '# kept\n';
        const model = new Map<string, Set<number>>();
        for (const [name, number, seed, isAdded] of steps) {
          const where = at(name, number);
          const seeds = model.get(hostName(where)) ?? new Set();
          if (isAdded) seeds.add(seed);
          else seeds.clear();
          model.set(hostName(where), seeds);
          text = isAdded ? withKey(text, where, key(seed)) : withoutHost(text, where).text;
          for (let other = 0; other < 4; other += 1) {
            const { kind } = lookUpHost(parseKnownHosts(text), where, key(other));
            const missing = seeds.size === 0 ? 'unknown' : 'changed';
            expect(kind).toBe(seeds.has(other) ? 'known' : missing);
          }
        }
        expect(text.startsWith('# kept\n')).toBe(true);
      }),
    );
  });
});
