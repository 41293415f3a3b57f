/** Logging in, message by message and in virtual time. */
import { encode } from 'cbor2/encoder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT, type LftpError } from '../../../../src/service/error.ts';
import {
  EARLY_MAX_BYTES,
  LOGIN_LIMIT_MS,
  SESSION_MAX_REQUESTS,
} from '../../../../src/service/limits.ts';
import { encodeLogin } from '../../../../src/service/login/login-blob.ts';
import { encodeMessage } from '../../../../src/service/messages.ts';
import {
  answer,
  Door,
  filled,
  hear,
  hearChallenge,
  loginAs,
  proofFor,
  settled,
  type Visit,
} from './door-rig.ts';

let door: Door;

const code = (value: number): Error => expect.objectContaining({ code: value }) as Error;
const STATUS = encodeMessage({ op: 'status', id: 1 });

beforeEach(async () => {
  door = await Door.make();
  door.addAccount('alice', 1, 2);
});

afterEach(async () => {
  expect(door.world.runningTimers).toBe(0);
  await door.remove();
});

async function refusalOf(visit: Visit): Promise<LftpError> {
  return await visit.admitted.then(
    () => {
      throw new Error('let in');
    },
    (error: unknown) => error as LftpError,
  );
}

describe('a key', () => {
  it('P-LOGIN-02 lets in without a message of the client', async () => {
    const { client, admitted } = door.knock({ key: filled(1), login: loginAs('alice') });
    expect(await admitted).toEqual({
      principal: { name: 'alice', home: ['alice'], access: 'rw' },
      early: [],
    });
    expect(await hear(client)).toEqual({ op: 'welcome', name: 'alice' });
  });

  it('P-LOGIN-02 of another account leads to the same question as no key', async () => {
    door.addAccount('bob', 3);
    for (const key of [filled(3), filled(4)]) {
      const visit = door.knock({ key, login: loginAs('alice') });
      await answer(visit, 'alice', 2);
      await door.world.advance(0);
      expect((await visit.admitted)?.principal.name).toBe('alice');
    }
  });

  it('P-LOGIN-02 is heard from a source whose guesses are not', async () => {
    for (let i = 0; i < 20; i += 1) door.knock({ login: loginAs('alice') }).client.finish();
    await settled();
    const guess = await refusalOf(door.knock({ login: loginAs('alice') }));
    expect(guess.code).toBe(EXIT.BUSY);
    const visit = door.knock({ key: filled(1), login: loginAs('alice') });
    expect((await visit.admitted)?.principal.name).toBe('alice');
  });
});

describe('a password', () => {
  it('P-LOGIN-03 P-LOGIN-05 is proven by both sides', async () => {
    const visit = door.knock({ login: loginAs('alice') });
    const signature = await answer(visit, 'alice', 2);
    await door.world.advance(0);
    expect(await hear(visit.client)).toEqual({ op: 'welcome', name: 'alice', signature });
    expect((await visit.admitted)?.principal).toMatchObject({ name: 'alice', access: 'rw' });
  });

  it('P-LOGIN-03 is proven in one connection and in no other', async () => {
    const one = door.knock({ login: loginAs('alice'), binding: filled(91) });
    const two = door.knock({ login: loginAs('alice'), binding: filled(92) });
    const challenge = await hearChallenge(one.client);
    await hearChallenge(two.client);
    const { proof } = proofFor('alice', 2, challenge, filled(91));
    // As one who stands in the middle with a connection to either side would pass it on.
    await two.client.sendMessage(encodeMessage({ op: 'proof', proof }));
    await door.world.advance(8000);
    expect((await refusalOf(two)).code).toBe(EXIT.LOGIN);
    await one.client.sendMessage(encodeMessage({ op: 'proof', proof }));
    await door.world.advance(8000);
    expect((await one.admitted)?.principal.name).toBe('alice');
  });

  it('P-LOGIN-03 is asked for with a nonce that is new each time', async () => {
    const nonces = new Set<string>();
    for (let i = 0; i < 5; i += 1) {
      const visit = door.knock({ login: loginAs('alice') });
      const { nonce } = await hearChallenge(visit.client);
      nonces.add(Buffer.from(nonce).toString('hex'));
      visit.client.finish();
      expect(await visit.admitted).toBe(undefined);
    }
    expect(nonces.size).toBe(5);
  });

  it('P-LOGIN-04 is refused alike, whatever is wrong', async () => {
    door.addAccount('keys-only', 5);
    door.addAccount('disabled', 6, 7);
    door.accounts.change('disabled', { isDisabled: true }, 0);
    const tries = [
      { name: 'alice', key: filled(9), seed: 3 },
      { name: 'nobody', key: filled(9), seed: 2 },
      { name: 'keys-only', key: filled(9), seed: 2 },
      // The right key and the right password of an account that is disabled.
      { name: 'disabled', key: filled(6), seed: 7 },
    ];
    const told = [];
    for (const [index, { name, key, seed }] of tries.entries()) {
      const address = `198.51.100.${index}`;
      const visit = door.knock({ address, key, login: loginAs(name) });
      const { salt, nonce, ...rest } = await hearChallenge(visit.client);
      expect([salt.length, nonce.length]).toEqual([16, 32]);
      const { proof } = proofFor(name, seed, { salt, nonce, ...rest });
      await visit.client.sendMessage(encodeMessage({ op: 'proof', proof }));
      const startMs = door.world.nowMs();
      await door.world.advance(0);
      const { code: exit, message, where, hint } = await refusalOf(visit);
      told.push({ rest, exit, message, where, hint, afterMs: door.world.nowMs() - startMs });
    }
    expect(told[0]).toMatchObject({ exit: EXIT.LOGIN, message: 'login refused', afterMs: 0 });
    for (const one of told) expect(one).toEqual(told[0]);
  });

  it('P-LOGIN-04 of unknown names have a salt that stays, and differs by name', async () => {
    const salts = [];
    for (const name of ['nobody', 'nobody', 'nobody2', 'alice', 'alice']) {
      const visit = door.knock({ login: loginAs(name) });
      salts.push(Buffer.from((await hearChallenge(visit.client)).salt).toString('hex'));
      visit.client.finish();
    }
    expect(salts[0]).toBe(salts[1]);
    expect(salts[3]).toBe(salts[4]);
    expect(new Set(salts).size).toBe(3);
    const other = await Door.make();
    const elsewhere = other.knock({ login: loginAs('nobody') });
    other.addAccount('alice');
    expect(Buffer.from((await hearChallenge(elsewhere.client)).salt).toString('hex')).not.toBe(
      salts[0],
    );
    elsewhere.client.finish();
    await elsewhere.admitted;
    await other.remove();
  });

  it('P-LOGIN-04 that is changed meanwhile is the wrong one, as is that of nobody', async () => {
    const one = door.knock({ login: loginAs('alice') });
    await answer(one, 'alice', 2);
    const others = await door.others();
    others.remove('alice');
    await door.world.advance(0);
    expect((await refusalOf(one)).code).toBe(EXIT.LOGIN);
    others.close();
    door.addAccount('alice', 1, 3);
    const two = door.knock({ address: '192.0.2.2', login: loginAs('alice') });
    const challenge = await hearChallenge(two.client);
    door.accounts.change('alice', { isDisabled: true }, 0);
    const { proof } = proofFor('alice', 3, challenge);
    await two.client.sendMessage(encodeMessage({ op: 'proof', proof }));
    await door.world.advance(0);
    expect((await refusalOf(two)).code).toBe(EXIT.LOGIN);
  });

  it('P-LOGIN-07 is waited for two minutes, and not a moment longer', async () => {
    const visit = door.knock({ login: loginAs('alice') });
    let isOver = false;
    visit.admitted.catch(() => (isOver = true));
    await door.world.advance(LOGIN_LIMIT_MS - 1);
    expect(isOver).toBe(false);
    await door.world.advance(1);
    expect((await refusalOf(visit)).code).toBe(EXIT.DEADLINE);
    expect(LOGIN_LIMIT_MS).toBe(120_000);
  });

  it('is not waited for once the client has left', async () => {
    const visit = door.knock({ login: loginAs('alice') });
    await settled();
    visit.client.finish();
    expect(await visit.admitted).toBe(undefined);
    const dead = door.knock({ login: loginAs('alice') });
    await settled();
    dead.server.close({ kind: 'timedOut', phase: 'silence', advice: 0 });
    await expect(dead.admitted).rejects.toMatchObject({ reason: { kind: 'timedOut' } });
  });
});

describe('what comes before the login', () => {
  it('P-LOGIN-06 waits, and keeps its order', async () => {
    const visit = door.knock({ login: loginAs('alice') });
    const early = [1, 2, 3].map((id) => encodeMessage({ op: 'status', id }));
    for (const bytes of early) await visit.client.sendMessage(bytes);
    await answer(visit, 'alice', 2);
    await door.world.advance(0);
    expect((await visit.admitted)?.early).toEqual(early);
  });

  it.each([
    ['requests', SESSION_MAX_REQUESTS, STATUS],
    ['bytes', EARLY_MAX_BYTES / 8192, new Uint8Array(8192)],
  ])('P-LOGIN-06 is bounded in %s', async (_, most, bytes) => {
    for (const count of [most, most + 1]) {
      const visit = door.knock({ login: loginAs('alice') });
      for (let i = 0; i < count; i += 1) await visit.client.sendMessage(bytes);
      await answer(visit, 'alice', 2);
      await door.world.advance(10_000);
      if (count === most) expect((await visit.admitted)?.early).toHaveLength(most);
      else expect((await refusalOf(visit)).code).toBe(EXIT.BUSY);
    }
  });

  it('P-LOGIN-06 is no file', async () => {
    const visit = door.knock({ login: loginAs('alice') });
    const post = { op: 'post', id: 1, path: ['x'], size: 3, overwrite: 'always' };
    await visit.client.sendMessage(encode(post));
    visit.client.endData();
    expect((await refusalOf(visit)).code).toBe(EXIT.PROTOCOL);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['no CBOR', Uint8Array.of(0xff, 0xff)],
    ['no map', encode([1])],
    ['no nonce', encode({ name: 'alice' })],
    ['a short nonce', encode({ name: 'alice', nonce: filled(1, 31) })],
    ['a name that is no text', encode({ name: 1, nonce: filled(1) })],
    ['a long name', encode({ name: 'a'.repeat(33), nonce: filled(1) })],
    ['a short token', encode({ token: filled(1, 31) })],
    ['deep nesting', encode({ name: [[[[1]]]], nonce: filled(1) })],
  ])('P-LOGIN-01 is a LOGIN that holds %s, and is refused', async (_, login) => {
    const visit = door.knock({ key: filled(1), login });
    expect((await refusalOf(visit)).code).toBe(EXIT.LOGIN);
  });

  it('P-LOGIN-01 is nothing that lets in as somebody else where no key was proven', async () => {
    const open = await Door.make('rw');
    open.addAccount('alice', 1, 2);
    for (const login of [loginAs('alice'), encodeLogin({ kind: 'token', token: filled(1) })]) {
      await expect(open.knock({ key: null, login }).admitted).rejects.toThrow(code(EXIT.LOGIN));
    }
    for (const login of [undefined, loginAs('anonymous')]) {
      const principal = { name: 'anonymous', home: undefined, access: 'rw' };
      expect((await open.knock({ key: null, login }).admitted)?.principal).toEqual(principal);
    }
    await open.remove();
  });
});
