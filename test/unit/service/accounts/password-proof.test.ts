import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newPasswordRecord } from '../../../../src/service/accounts/new-password.ts';
import {
  isSignature,
  passwordRecord,
  proveLogin,
  recordOrFake,
  verifyLogin,
} from '../../../../src/service/accounts/password-proof.ts';
import type {
  LoginContext,
  PasswordChallenge,
} from '../../../../src/service/accounts/password-proof.ts';
import {
  HASH_PARAMETERS,
  parametersFault,
  passwordFault,
  slowHash,
} from '../../../../src/service/accounts/slow-hash.ts';

const filled = (seed: number, length = 32): Uint8Array => new Uint8Array(length).fill(seed);

const challenge: PasswordChallenge = { salt: filled(1, 16), parameters: HASH_PARAMETERS };
const context: LoginContext = {
  name: 'alice',
  clientNonce: filled(2),
  serverNonce: filled(3),
  binding: filled(4),
};
/** Stands for the slow hash, whose own test is below. */
const hash = filled(5);
const record = passwordRecord(hash, challenge);

describe('the proof of a password', () => {
  it('convinces the server, and the server the client', () => {
    const { proof, signature } = proveLogin(hash, challenge, context);
    const verdict = verifyLogin(record, context, proof);
    expect(verdict.isRight).toBe(true);
    expect(isSignature(signature, verdict.signature)).toBe(true);
    expect(isSignature(signature, verdict.signature.subarray(1))).toBe(false);
  });

  it('is worth nothing with anything else changed', () => {
    const { proof } = proveLogin(hash, challenge, context);
    const changed: LoginContext[] = [
      { ...context, name: 'alicf' },
      { ...context, clientNonce: filled(9) },
      { ...context, serverNonce: filled(9) },
      // The man in the middle has a handshake of his own with the server.
      { ...context, binding: filled(9) },
    ];
    for (const other of changed) expect(verifyLogin(record, other, proof).isRight).toBe(false);
    const parameters = { ...HASH_PARAMETERS, n: 2 ** 16 };
    for (const other of [{ parameters }, { salt: filled(9, 16) }]) {
      expect(verifyLogin({ ...record, ...other }, context, proof).isRight).toBe(false);
    }
    expect(verifyLogin(passwordRecord(filled(6), challenge), context, proof).isRight).toBe(false);
  });

  it('fields do not run into each other', () => {
    const one = { ...context, clientNonce: filled(7, 10), serverNonce: filled(7, 20) };
    const two = { ...context, clientNonce: filled(7, 20), serverNonce: filled(7, 10) };
    const { proof } = proveLogin(hash, challenge, one);
    expect(verifyLogin(record, two, proof).isRight).toBe(false);
  });

  it('no other bytes pass, of whatever length', () => {
    const { proof } = proveLogin(hash, challenge, context);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(verifyLogin(record, context, bytes).isRight).toBe(false);
      }),
    );
    for (const wrong of [proof.subarray(0, 31), Buffer.concat([proof, filled(0, 1)])]) {
      expect(verifyLogin(record, context, wrong).isRight).toBe(false);
    }
    proof.forEach((byte, index) => {
      const flipped = proof.with(index, byte ^ 1);
      expect(verifyLogin(record, context, flipped).isRight).toBe(false);
    });
  });

  it('cannot be made from what the server keeps', () => {
    const { storedKey, serverKey, salt } = record;
    for (const stolen of [storedKey, serverKey, Buffer.concat([salt, salt])]) {
      const { proof } = proveLogin(stolen, challenge, context);
      expect(verifyLogin(record, context, proof).isRight).toBe(false);
    }
  });
});

describe('a name that nobody has', () => {
  const secret = filled(8);

  it('gets the same salt each time, another than its neighbour, and the same parameters', () => {
    const fake = recordOrFake(record, false, secret, 'nobody');
    expect(recordOrFake(record, false, secret, 'nobody')).toEqual(fake);
    expect(fake.parameters).toEqual(HASH_PARAMETERS);
    expect(fake.salt).toHaveLength(16);
    const salts = ['nobodx', 'alice', 'nobody'].map(
      (name, index) => recordOrFake(record, false, filled(8 + (index >> 1)), name).salt,
    );
    for (const salt of salts) expect(salt).not.toEqual(fake.salt);
    expect(recordOrFake(record, true, secret, 'alice')).toEqual(record);
  });

  it('has no password, not even the right one of another', () => {
    const fake = recordOrFake(record, false, secret, 'nobody');
    const own = { ...context, name: 'nobody' };
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (guess) => {
        const { proof } = proveLogin(guess, fake, own);
        expect(verifyLogin(fake, own, proof).isRight).toBe(false);
      }),
    );
  });
});

describe('the slow hash', () => {
  const parameters = { ...HASH_PARAMETERS, n: 2 ** 15 };

  it('makes a record that the password fits, and a fresh salt each time', async () => {
    const [one, two] = await Promise.all([
      newPasswordRecord('pässword', parameters),
      newPasswordRecord('pässword', parameters),
    ]);
    expect(one.salt).not.toEqual(two.salt);
    // The same letters, composed otherwise.
    const typed = await slowHash('pa\u0308ssword', one.salt, one.parameters);
    const { proof } = proveLogin(typed, one, context);
    expect(verifyLogin(one, context, proof).isRight).toBe(true);
    expect(verifyLogin(two, context, proof).isRight).toBe(false);
  });

  it('costs what it should: 128 MiB', async () => {
    const { n, r, p } = HASH_PARAMETERS;
    expect(128 * n * r).toBe(134_217_728);
    expect(p).toBe(1);
    expect(parametersFault(HASH_PARAMETERS)).toBe(undefined);
    expect(await slowHash('x', filled(1, 16), HASH_PARAMETERS)).toHaveLength(32);
  });

  it.each([
    { n: 2 ** 14, r: 8, p: 1 },
    { n: 2 ** 17 + 1, r: 8, p: 1 },
    { n: 2 ** 20, r: 8, p: 1 },
    { n: 2 ** 17, r: 64, p: 1 },
    { n: 2 ** 17, r: 8, p: 5 },
    { n: 2 ** 17, r: 8, p: 0 },
    { n: NaN, r: 8, p: 1 },
    { n: 2 ** 17, r: 8.5, p: 1 },
  ])('is not run with %j, whoever asks for it', async (numbers) => {
    const wrong = { algorithm: 'scrypt', ...numbers } as const;
    expect(parametersFault(wrong)).toBeDefined();
    await expect(slowHash('x', filled(1), wrong)).rejects.toThrow(RangeError);
  });

  it('refuses what cannot be typed again, without a word of it', async () => {
    for (const wrong of ['', 'canary\n', 'canary\0', 'canary\ud800', 'canary'.repeat(200)]) {
      expect(passwordFault(wrong)).toMatch(/password/);
      expect(passwordFault(wrong)).not.toMatch(/canary/);
      await expect(slowHash(wrong, filled(1), parameters)).rejects.not.toThrow(/canary/);
    }
    expect(passwordFault('x'.repeat(1024))).toBe(undefined);
  });
});
