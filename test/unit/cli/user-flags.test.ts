import { describe, expect, it } from 'vitest';
import { FlagSource } from '../../../src/cli/flag-source.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';
import { readAccountChange } from '../../../src/cli/user-flags.ts';

const DAY_MS = 86_400_000;
const read = (raw: Record<string, unknown>) =>
  readAccountChange(new FlagSource(raw, {}, []), 5 * DAY_MS);

describe('lftp user set', () => {
  it('reads what is to be different, and nothing else', () => {
    expect(read({ allow: 'read,list:/a', home: 'team/x' })).toMatchObject({
      home: ['team', 'x'],
      isDisabled: undefined,
      limits: undefined,
      rights: { allow: { path: ['a'], rights: ['read', 'list'] }, deny: undefined },
    });
    expect(read({ disable: true }).isDisabled).toBe(true);
    expect(read({ enable: true }).isDisabled).toBe(false);
    expect(read({ inherit: '/' }).rights).toEqual({ inherit: [] });
    expect(read({ sessions: '3' }).limits).toMatchObject({ maxSessions: 3 });
    expect(read({ rate: '50Mbit' }).limits).toMatchObject({ bytesPerSecond: 6_250_000 });
    expect(read({ rate: '1MB/s' }).limits).toMatchObject({ bytesPerSecond: 1_000_000 });
    expect(read({ quota: '10GB', 'quota-files': '0' }).limits).toMatchObject({
      quotaBytes: 10_000_000_000,
      quotaFiles: 0,
    });
    expect(read({ quota: 'none', rate: 'none' }).limits).toMatchObject({
      quotaBytes: null,
      bytesPerSecond: null,
    });
    expect(read({ sessions: 'none' }).limits).toMatchObject({ maxSessions: null });
  });

  it('reads dates, and times from now on', () => {
    const expires = (text: string): unknown => read({ expires: text }).limits?.expiresMs;
    expect(expires('2030-12-31')).toBe(Date.UTC(2030, 11, 31));
    expect(expires('2030-12-31T12:30+02:00')).toBe(Date.UTC(2030, 11, 31, 10, 30));
    expect(expires('2d')).toBe(7 * DAY_MS);
    expect(expires('none')).toBe(null);
  });

  it.each([
    {},
    { allow: 'fly' },
    { allow: 'read:/../x' },
    { allow: 'read', deny: 'read' },
    { inherit: 'a//b' },
    { disable: true, enable: true },
    { sessions: '0' },
    { rate: '0' },
    { rate: '50' },
    { quota: 'much' },
    { 'quota-files': '1.5' },
    { sessions: '-1' },
    { expires: '2030' },
    { expires: '2030-13-01' },
    { expires: '2030-12-31T12:30' },
    { expires: '99999999d' },
  ])('%j is refused', (raw) => {
    expect(() => read(raw)).toThrow(UsageError);
  });
});
