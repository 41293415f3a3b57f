import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/service/error.ts';
import {
  may,
  mayBelow,
  mayMove,
  moveRefusal,
  refusal,
  RIGHTS,
} from '../../../src/service/rights.ts';
import type { PathRule, Right, RightsHolder } from '../../../src/service/rights.ts';

const rule = (path: string[], allowed: Right[], denied: Right[]): PathRule => ({
  path,
  allowed,
  denied,
});
const account = (...rules: PathRule[]): RightsHolder => ({ access: 'rw', rules });
const rightsAt = (holder: RightsHolder, path: string[]): Right[] =>
  RIGHTS.filter((right) => may(holder, right, path));

describe('rights', () => {
  it('P-ACCT-01 are all there until something is said', () => {
    expect(rightsAt({ access: 'rw' }, [])).toEqual([...RIGHTS]);
    expect(rightsAt(account(), ['a', 'b'])).toEqual([...RIGHTS]);
  });

  it('P-ACCT-01 follow the longest path that says something about each of them', () => {
    const holder = account(
      rule([], [], ['delete', 'write']),
      rule(['a', 'b'], ['delete'], ['read']),
      rule(['a'], ['write'], []),
    );
    expect(rightsAt(holder, [])).toEqual(['read', 'rename', 'mkdir', 'list']);
    expect(rightsAt(holder, ['a'])).toEqual(['read', 'write', 'rename', 'mkdir', 'list']);
    expect(rightsAt(holder, ['a', 'bb'])).toEqual(['read', 'write', 'rename', 'mkdir', 'list']);
    const below = ['write', 'delete', 'rename', 'mkdir', 'list'];
    expect(rightsAt(holder, ['a', 'b'])).toEqual(below);
    expect(rightsAt(holder, ['a', 'b', 'c'])).toEqual(below);
    expect(rightsAt(holder, ['A', 'b'])).toEqual(['read', 'rename', 'mkdir', 'list']);
  });

  it('P-ACCT-01 do not depend on the order of the rules', () => {
    const names = fc.array(fc.constantFrom('a', 'b'), { maxLength: 3 });
    const rights = fc.uniqueArray(fc.constantFrom(...RIGHTS));
    const rules = fc.uniqueArray(fc.tuple(names, rights), {
      selector: ([path]) => path.join('/'),
      maxLength: 6,
    });
    fc.assert(
      fc.property(rules, names, fc.constantFrom(...RIGHTS), (made, path, right) => {
        const all = made.map(([at, denied]) => {
          const allowed = RIGHTS.filter((name) => !denied.includes(name));
          return rule(at, allowed, denied);
        });
        const isAllowed = may(account(...all), right, path);
        expect(may(account(...all.toReversed()), right, path)).toBe(isAllowed);
        // The deepest rule on the way, looked for from below.
        let expected = true;
        for (let depth = path.length; depth >= 0; depth -= 1) {
          const at = path.slice(0, depth).join('/');
          const found = all.find((one) => one.path.join('/') === at);
          if (found === undefined) continue;
          expected = found.allowed.includes(right);
          break;
        }
        expect(isAllowed).toBe(expected);
      }),
    );
  });

  it('never go beyond those of the folder as a whole', () => {
    const rules = [rule([], [...RIGHTS], [])];
    expect(rightsAt({ access: 'ro', rules }, ['a'])).toEqual(['read', 'list']);
    expect(rightsAt({ access: 'drop', rules }, [])).toEqual(['read', 'list']);
    expect(rightsAt({ access: 'drop', rules }, ['incoming', 'a'])).toEqual(['write', 'mkdir']);
    expect(rightsAt({ access: 'drop', rules }, ['Incoming', 'a'])).toEqual([]);
  });

  it('for a whole tree are those of every folder in it that has a rule', () => {
    const holder = account(rule(['a', 'b', 'c'], [], ['delete']));
    expect(mayBelow(holder, 'delete', [])).toBe(false);
    expect(mayBelow(holder, 'delete', ['a', 'b'])).toBe(false);
    expect(mayBelow(holder, 'delete', ['a', 'bb'])).toBe(true);
    expect(mayBelow(holder, 'rename', ['a'])).toBe(true);
  });

  it('P-ACCT-02 nothing is moved out from under a rule', () => {
    const holder = account(rule(['secret'], [], ['read']), rule(['in'], [], ['rename']));
    expect(mayMove(holder, ['a'], ['b'])).toBe(true);
    expect(mayMove(holder, ['a'], ['secret', 'a'])).toBe(true);
    // What cannot be read in one place could be in another.
    expect(mayMove(holder, ['secret', 'a'], ['a'])).toBe(false);
    expect(mayMove(holder, ['secret', 'a'], ['secret', 'b'])).toBe(true);
    expect(mayMove(holder, ['secret'], ['open'])).toBe(false);
    // Both ends are asked.
    expect(mayMove(holder, ['in', 'a'], ['a'])).toBe(false);
    expect(mayMove(holder, ['a'], ['in', 'a'])).toBe(false);
    expect(moveRefusal(holder, ['a'], ['in', 'a'])?.code).toBe(EXIT.REFUSED);
    expect(moveRefusal(holder, ['a'], ['b'])).toBe(undefined);
  });

  it('that are missing are told with the path and the next step', () => {
    const holder = account(rule([], [], ['write']));
    expect(refusal(holder, 'read', ['a'])).toBe(undefined);
    const refused = refusal(holder, 'write', ['a', 'b']);
    expect(refused).toMatchObject({ code: EXIT.REFUSED, path: '/a/b' });
    expect(refused?.hint).toMatch(/lftp user set/);
  });
});
