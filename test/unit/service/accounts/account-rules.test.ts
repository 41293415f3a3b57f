import { describe, expect, it } from 'vitest';
import {
  changedRules,
  isContrary,
  parseFolder,
  parseRights,
  rulesText,
} from '../../../../src/service/accounts/account-rules.ts';
import { RIGHTS } from '../../../../src/service/rights.ts';

describe('rights as they are typed', () => {
  it('are names, of a folder or of all', () => {
    expect(parseRights('list,read')).toEqual({ path: [], rights: ['read', 'list'] });
    expect(parseRights('all')).toEqual({ path: [], rights: RIGHTS });
    expect(parseRights('write:/in/box/')).toEqual({ path: ['in', 'box'], rights: ['write'] });
    expect(parseRights('all:/')).toEqual({ path: [], rights: RIGHTS });
    expect(parseRights('read:a:b')).toEqual({ path: ['a:b'], rights: ['read'] });
    for (const text of [
      '',
      'fly',
      'read,',
      'read,read',
      'all,read',
      'read:',
      'read:/../x',
      ':/a',
    ]) {
      expect(parseRights(text), text).toBe(undefined);
    }
    expect(parseFolder('a//b')).toBe(undefined);
  });

  it('contradict each other only about one folder', () => {
    const read = { path: [], rights: ['read'] } as const;
    const all = { path: [], rights: RIGHTS } as const;
    expect(isContrary({ allow: read, deny: read })).toBe(true);
    expect(isContrary({ allow: all, deny: all })).toBe(true);
    expect(isContrary({ allow: read, deny: all })).toBe(false);
    expect(isContrary({ allow: read, deny: { ...read, path: ['a'] } })).toBe(false);
    expect(isContrary({ allow: read })).toBe(false);
  });
});

describe('a change of rules', () => {
  it('says first what is said of all rights', () => {
    const read = { path: [], rights: ['read'] } as const;
    const all = { path: [], rights: RIGHTS } as const;
    const others = RIGHTS.filter((right) => right !== 'read');
    const readOnly = changedRules([], { allow: read, deny: all });
    expect(readOnly).toEqual([{ path: [], allowed: ['read'], denied: others }]);
    expect(changedRules([], { allow: all, deny: read })).toEqual([
      { path: [], allowed: others, denied: ['read'] },
    ]);
    expect(rulesText(readOnly)).toBe('deny write,delete,rename,mkdir,list:/, allow read:/');
  });

  it('leaves what it does not name, and takes away what is to be inherited', () => {
    const rules = changedRules([], { deny: { path: ['a'], rights: ['read', 'list'] } });
    const more = changedRules(rules, { allow: { path: ['a'], rights: ['list'] } });
    expect(more).toEqual([{ path: ['a'], allowed: ['list'], denied: ['read'] }]);
    expect(changedRules(more, { inherit: ['b'] })).toEqual(more);
    expect(changedRules(more, { inherit: ['a'] })).toEqual([]);
  });
});
