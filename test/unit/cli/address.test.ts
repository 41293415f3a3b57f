import { describe, expect, it } from 'vitest';
import { hostAndPort, parseAddress, parseHost, parsePath } from '../../../src/cli/address.ts';
import { EXIT } from '../../../src/service/error.ts';

const PRINT = 'SHA256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU';

const code = (value: number): Error => expect.objectContaining({ code: value }) as Error;

describe('address', () => {
  it.each([
    ['host', 'host', 10_000, [], true],
    ['host:', 'host', 10_000, [], true],
    ['host:2001', 'host', 2001, [], true],
    ['host:2001:', 'host', 2001, [], true],
    ['host:2001:a/b', 'host', 2001, ['a', 'b'], false],
    ['host:2001:/a/b', 'host', 2001, ['a', 'b'], false],
    ['host:2001:123', 'host', 2001, ['123'], false],
    ['host:./123', 'host', 10_000, ['123'], false],
    ['host:a', 'host', 10_000, ['a'], false],
    ['host:123a', 'host', 10_000, ['123a'], false],
    ['host:a:b', 'host', 10_000, ['a:b'], false],
    ['host:a/', 'host', 10_000, ['a'], true],
    ['host:/', 'host', 10_000, [], true],
    ['host:..', 'host', 10_000, ['..'], false],
    ['host:../x', 'host', 10_000, ['..', 'x'], false],
    ['host:a//b', 'host', 10_000, ['a', '', 'b'], false],
    ['host:a%20b', 'host', 10_000, ['a%20b'], false],
    ['[::1]', '::1', 10_000, [], true],
    ['[::1]:2001:a', '::1', 2001, ['a'], false],
    ['[fe80::1%eth0]:a', 'fe80::1%eth0', 10_000, ['a'], false],
    ['lftp://host', 'host', 10_000, [], true],
    ['lftp://host/', 'host', 10_000, [], true],
    ['LFTP://host:2001/a/b', 'host', 2001, ['a', 'b'], false],
    ['lftp://host/a%20b/%C3%BC', 'host', 10_000, ['a b', 'ü'], false],
    ['lftp://host/a%2Fb', 'host', 10_000, ['a/b'], false],
    ['lftp://host/%2e%2e/x', 'host', 10_000, ['..', 'x'], false],
    ['lftp://host/a/../../b', 'host', 10_000, ['a', '..', '..', 'b'], false],
    ['lftp://[::1]:2001/a?b#c', '::1', 2001, ['a?b#c'], false],
    ['lftp://host/a;b', 'host', 10_000, ['a;b'], false],
    ['host:a;b', 'host', 10_000, ['a;b'], false],
  ])('%s', (text, host, port, path, isFolder) => {
    const nobody = { user: undefined, fingerprint: undefined };
    expect(parseAddress(text)).toEqual({ host, port, path, isFolder, ...nobody });
  });

  it.each([
    ['alice@host', 'alice', undefined, 'host', []],
    ['anonymous@host:a', 'anonymous', undefined, 'host', ['a']],
    ['b.c-d_0@[::1]:2001:a', 'b.c-d_0', undefined, '::1', ['a']],
    ['lftp://alice@host:2001/a', 'alice', undefined, 'host', ['a']],
    [`lftp://host/;fp=${PRINT}`, undefined, PRINT, 'host', []],
    [`lftp://host;fp=${PRINT}`, undefined, PRINT, 'host', []],
    [`lftp://alice@[::1]:2001/a/b;c;fp=${PRINT}`, 'alice', PRINT, '::1', ['a', 'b;c']],
    [`host;fp=${PRINT}`, undefined, PRINT, 'host', []],
    [`alice@host:2001;FP=${PRINT}`, 'alice', PRINT, 'host', []],
    [`host:a/b;fp=${PRINT}`, undefined, PRINT, 'host', ['a', 'b']],
    ['lftp://host/a%3Bfp=x', undefined, undefined, 'host', ['a;fp=x']],
    ['host:a;fp=x/b', undefined, undefined, 'host', ['a;fp=x', 'b']],
  ])('%s has a user and a fingerprint', (text, user, fingerprint, host, path) => {
    expect(parseAddress(text)).toMatchObject({ user, fingerprint, host, path });
  });

  it.each([
    '',
    ':a',
    'host:0',
    'host:65536',
    'host:99999:a',
    'ho st:a',
    'ho\u001bst',
    '::1',
    '[::1',
    '[]:a',
    '[host]:a',
    '[::1]a',
    'Alice@host:a',
    '-a@host:a',
    '.a@host',
    'a b@host',
    '@host',
    'al%69ce@host',
    'user:secret@host:a',
    'host;fp=SHA256:abc',
    `host;fp=${PRINT}=`,
    `host;fp=${PRINT.slice(7)}`,
    `host;fp=${PRINT.slice(0, -1)}V`,
    `host;fp=${PRINT};fp=${PRINT}`,
    'host:a;fp=',
    'lftp://host/a;fp=SHA256:abc',
    'host;x:a',
    'lftp://user:secret@host/a',
    'lftp://',
    'lftp:///a',
    'lftp://host:/a',
    'lftp://host:2001:a',
    'lftp://host:port/a',
    'lftp://host/%zz',
    'lftp://host/%ff',
    'ftp://host/a',
    'https://host/a',
    '-host:a',
  ])('refuses %j', (text) => {
    expect(() => parseAddress(text)).toThrow(code(EXIT.USAGE));
  });

  it('does not show a password again', () => {
    expect(() => parseAddress('lftp://u:secret@host/a')).not.toThrow(/secret/);
  });

  it('hosts alone, paths alone, and hosts to paste', () => {
    expect(parseHost('127.0.0.1')).toBe('127.0.0.1');
    expect(parseHost('::1')).toBe('::1');
    expect(parseHost('name.example')).toBe('name.example');
    for (const wrong of ['300.1.1.1', '1.2.3', 'a:1', 'a b', 'a@b', `a;fp=${PRINT}`, '']) {
      expect(() => parseHost(wrong)).toThrow(code(EXIT.USAGE));
    }
    expect(parsePath('/a/b/')).toEqual({ path: ['a', 'b'], isFolder: true });
    expect(parsePath('')).toEqual({ path: [], isFolder: true });
    expect(hostAndPort('::1', 5)).toBe('[::1]:5');
    expect(hostAndPort('h', 5)).toBe('h:5');
  });
});
