import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/service/error.ts';
import { checkPath, componentFault, pathFault } from '../../../src/service/path.ts';

describe('path', () => {
  it.each([
    '',
    '.',
    '..',
    'a/b',
    '/',
    'a\0b',
    'a\nb',
    '\u001b[2J',
    '\u007f',
    '\u0085',
    '\ud800',
    '.lftp-udp',
    '.LFTP-UDP',
    'x'.repeat(256),
    'ü'.repeat(128),
  ])('P-SVC-05 refuses the component %j', (component) => {
    expect(componentFault(component)).toBeDefined();
    expect(() => checkPath(['ok', component])).toThrow(
      expect.objectContaining({ code: EXIT.REFUSED }) as Error,
    );
  });

  it.each(['a', '...', '..a', 'a b', '-x', '~', 'ü', '文件', '.hidden', 'x'.repeat(255), '🙂'])(
    'takes the component %j',
    (component) => {
      expect(componentFault(component)).toBeUndefined();
    },
  );

  it('P-SVC-05 has a deepest and a longest path', () => {
    expect(pathFault(new Array<string>(32).fill('a'))).toBeUndefined();
    expect(pathFault(new Array<string>(33).fill('a'))).toContain('32');
    expect(pathFault(new Array<string>(5).fill('a'.repeat(200)))).toBeUndefined();
    expect(pathFault(new Array<string>(6).fill('a'.repeat(200)))).toContain('1024');
    expect(pathFault([])).toBeUndefined();
  });

  it('what is taken never leaves its folder', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 6 }), (component) => {
        if (componentFault(component) !== undefined) return;
        const url = new URL(`file:///root/${encodeURIComponent(component)}`);
        expect(decodeURIComponent(url.pathname)).toBe(`/root/${component}`);
      }),
    );
  });
});
