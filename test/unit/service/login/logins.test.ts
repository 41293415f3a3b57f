/** Who is let in as whom: anonymous, tokens, and what changes while the server runs. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccountDatabase } from '../../../../src/service/accounts/database-store.ts';
import { EXIT } from '../../../../src/service/error.ts';
import {
  MAX_ACCOUNT_KEYS,
  MAX_ACCOUNT_TOKENS,
  MAX_ATTACH_TOKENS,
} from '../../../../src/service/limits.ts';
import { ATTACH_TOKEN_MS, AttachTokens } from '../../../../src/service/login/attach-tokens.ts';
import { encodeLogin } from '../../../../src/service/login/login-blob.ts';
import type { Principal } from '../../../../src/service/login/principal.ts';
import { Door, filled, loginAs } from './door-rig.ts';

let door: Door;

const code = (value: number): Error => expect.objectContaining({ code: value }) as Error;
const ALICE: Principal = { name: 'alice', home: ['alice'], access: 'rw' };

beforeEach(async () => {
  door = await Door.make();
});

afterEach(async () => {
  await door.remove();
});

async function nameOf(knock: Parameters<Door['knock']>[0]): Promise<string | undefined> {
  return (await door.knock(knock).admitted)?.principal.name;
}

const withToken = (token: Uint8Array): Uint8Array => encodeLogin({ kind: 'token', token });

describe('without an account', () => {
  it('P-LOGIN-09 one may read until there is an account, and then nothing', async () => {
    expect((await door.knock().admitted)?.principal).toEqual({
      name: 'anonymous',
      home: undefined,
      access: 'ro',
    });
    expect(door.logins.mayWrite).toBe(false);
    // Another process makes the first account, while this one serves.
    const others = await door.others();
    others.add({ name: 'alice', home: [], keys: [], password: undefined }, 0);
    await expect(door.knock().admitted).rejects.toThrow(code(EXIT.LOGIN));
    const named = door.knock({ login: loginAs('anonymous') });
    await expect(named.admitted).rejects.toThrow(code(EXIT.LOGIN));
    expect(door.logins.mayWrite).toBe(true);
    others.remove('alice');
    expect(await nameOf({ login: loginAs('anonymous') })).toBe('anonymous');
    others.close();
  });

  it.each(['off', 'ro', 'rw', 'drop'] as const)('P-LOGIN-09 one may %s if told', async (rule) => {
    const told = await Door.make(rule);
    for (const accounts of [0, 1]) {
      if (accounts === 1) told.addAccount('alice', 1);
      const { admitted } = told.knock();
      if (rule === 'off') await expect(admitted).rejects.toThrow(code(EXIT.LOGIN));
      else expect((await admitted)?.principal.access).toBe(rule);
    }
    await told.remove();
  });
});

describe('a change of the accounts', () => {
  it('P-LOGIN-02 counts at the next login, whoever makes it', async () => {
    const others = await door.others();
    for (const store of [others, door.accounts]) {
      const knock = { key: filled(1), login: loginAs('alice') };
      const key = { publicKey: filled(1), comment: '' };
      store.add({ name: 'alice', home: ['alice'], keys: [key], password: undefined }, 0);
      expect(await nameOf(knock)).toBe('alice');
      store.change('alice', { isDisabled: true }, 0);
      expect(door.accounts.login('alice').hasKey(filled(1))).toBe(false);
      store.change('alice', { isDisabled: false }, 0);
      expect(await nameOf(knock)).toBe('alice');
      store.addKey('alice', { publicKey: filled(2), comment: '' }, 0);
      expect(await nameOf({ ...knock, key: filled(2) })).toBe('alice');
      store.remove('alice');
      expect(door.accounts.login('alice').home).toBe(undefined);
    }
    others.close();
  });

  it('is not seen when it was taken back', () => {
    const account = { name: 'alice', home: [], keys: [], password: undefined };
    const keys = Array.from({ length: MAX_ACCOUNT_KEYS + 1 }, (_, seed) => ({
      publicKey: filled(seed),
      comment: '',
    }));
    expect(() => door.accounts.add({ ...account, keys }, 0)).toThrow();
    expect(door.accounts.count).toBe(0);
    expect(door.accounts.login('alice').home).toBe(undefined);
  });

  it('costs one reading, and no change costs none', () => {
    const rows = vi.spyOn(AccountDatabase.prototype, 'rows');
    const readings = (work: () => void): number => {
      const before = rows.mock.calls.length;
      work();
      return rows.mock.calls.length - before;
    };
    const first = readings(() => door.accounts.login('alice'));
    expect(first).toBeGreaterThan(0);
    for (let i = 0; i < 100; i += 1) {
      expect(readings(() => door.accounts.login(`name${i}`))).toBe(0);
    }
    door.addAccount('alice', 1);
    expect(readings(() => door.accounts.login('alice'))).toBe(first);
    rows.mockRestore();
  });
});

describe('a token', () => {
  beforeEach(() => door.addAccount('alice', 1));

  const make = (count = 1): readonly Uint8Array[] =>
    door.logins.makeTokens(count, ALICE, filled(1));

  it('P-LOGIN-10 lets its client in once', async () => {
    const [token] = make();
    const knock = { key: filled(1), login: withToken(token!) };
    expect((await door.knock(knock).admitted)?.principal).toEqual(ALICE);
    await expect(door.knock(knock).admitted).rejects.toThrow(code(EXIT.LOGIN));
  });

  it('P-LOGIN-10 lets nobody in with another key, and is used up by the try', async () => {
    const [token] = make();
    const login = withToken(token!);
    await expect(door.knock({ key: filled(2), login }).admitted).rejects.toThrow(code(EXIT.LOGIN));
    await expect(door.knock({ key: filled(1), login }).admitted).rejects.toThrow(code(EXIT.LOGIN));
    const invented = door.knock({ key: filled(1), login: withToken(filled(3)) });
    await expect(invented.admitted).rejects.toThrow(code(EXIT.LOGIN));
  });

  it('P-LOGIN-10 lasts five minutes', async () => {
    const [one, two] = make(2);
    await door.world.advance(ATTACH_TOKEN_MS - 1);
    expect(await nameOf({ key: filled(1), login: withToken(one!) })).toBe('alice');
    await door.world.advance(1);
    const late = door.knock({ key: filled(1), login: withToken(two!) });
    await expect(late.admitted).rejects.toThrow(code(EXIT.LOGIN));
    expect(ATTACH_TOKEN_MS).toBe(300_000);
  });

  it('P-LOGIN-10 is worth what its account is worth by then', async () => {
    const [one, two] = make(2);
    door.accounts.change('alice', { isDisabled: true }, 0);
    const disabled = door.knock({ key: filled(1), login: withToken(one!) });
    await expect(disabled.admitted).rejects.toThrow(code(EXIT.LOGIN));
    door.accounts.remove('alice');
    const gone = door.knock({ key: filled(1), login: withToken(two!) });
    await expect(gone.admitted).rejects.toThrow(code(EXIT.LOGIN));
  });

  it('P-LOGIN-10 comes in bounded numbers, and to accounts only', () => {
    expect(make(1000)).toHaveLength(16);
    const nobody: Principal = { name: 'anonymous', home: undefined, access: 'rw' };
    expect(door.logins.makeTokens(1, nobody, filled(1))).toEqual([]);
    expect(door.tokens.size).toBe(16);
  });

  it('P-LOGIN-10 is void when its own account, or all, have too many', () => {
    const tokens = new AttachTokens();
    const key = filled(1);
    const token = (index: number): Uint8Array => {
      const bytes = new Uint8Array(32);
      new DataView(bytes.buffer).setUint32(0, index);
      return bytes;
    };
    tokens.add(0, token(0), 'quiet', key);
    for (let i = 1; i <= MAX_ACCOUNT_TOKENS + 1; i += 1) tokens.add(0, token(i), 'greedy', key);
    expect(tokens.size).toBe(MAX_ACCOUNT_TOKENS + 1);
    expect(tokens.take(0, token(1), key)).toBe(undefined);
    expect(tokens.take(0, token(2), key)).toBe('greedy');
    expect(tokens.take(0, token(0), key)).toBe('quiet');
    for (let i = 0; i < MAX_ATTACH_TOKENS + 5; i += 1) {
      tokens.add(1, token(1000 + i), `account ${i}`, key);
    }
    expect(tokens.size).toBe(MAX_ATTACH_TOKENS);
    // What is old makes room for everybody.
    tokens.add(1 + ATTACH_TOKEN_MS, token(1), 'later', key);
    expect(tokens.size).toBe(1);
  });
});
