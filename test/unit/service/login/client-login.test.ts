/** The client's side: what it tells a server, and what it takes from one. */
import { encode } from 'cbor2/encoder';
import { beforeAll, describe, expect, it } from 'vitest';
import { newPasswordRecord } from '../../../../src/service/accounts/new-password.ts';
import {
  type PasswordRecord,
  verifyLogin,
} from '../../../../src/service/accounts/password-proof.ts';
import { HASH_PARAMETERS } from '../../../../src/service/accounts/slow-hash.ts';
import { postFile } from '../../../../src/service/client-post.ts';
import { ClientSession } from '../../../../src/service/client-session.ts';
import { EXIT } from '../../../../src/service/error.ts';
import {
  ClientLogin,
  type ClientLoginOptions,
} from '../../../../src/service/login/client-login.ts';
import { decodeLogin } from '../../../../src/service/login/login-blob.ts';
import { decodeClientMessage } from '../../../../src/service/messages.ts';
import { ERROR } from '../../../../src/wire/codes.ts';
import { channelPair, type FakeChannel } from '../fake-channel.ts';
import { NEVER, QUIET } from '../session-rig.ts';
import { filled, settled } from './door-rig.ts';

/** The cheapest that a client takes. */
const CHEAP = { algorithm: 'scrypt', n: 2 ** 15, r: 8, p: 1 } as const;
const PASSWORD = 'correct horse';

let record: PasswordRecord;

const code = (value: number): unknown => expect.objectContaining({ code: value });

beforeAll(async () => {
  record = await newPasswordRecord(PASSWORD, CHEAP);
});

function challengeOf({ salt, parameters }: PasswordRecord): object {
  return { op: 'challenge', ...parameters, salt, nonce: filled(5) };
}

interface Meeting {
  readonly session: ClientSession;
  readonly server: FakeChannel;
  readonly login: ClientLogin;
  readonly say: (...messages: object[]) => Promise<void>;
  /** Whether the client's proof is right, and the signature that belongs to it. */
  readonly readProof: () => Promise<{
    readonly isRight: boolean;
    readonly signature: Uint8Array;
  }>;
}

function meet(options: Partial<ClientLoginOptions> = {}): Meeting {
  const [client, server] = channelPair();
  client.identity = { publicKey: filled(1), channelBinding: filled(90) };
  const login = new ClientLogin({
    name: 'alice',
    password: () => Promise.resolve(PASSWORD),
    ...options,
  });
  const session = new ClientSession(client, undefined, login);
  const blob = decodeLogin(login.blob);
  if (blob?.kind !== 'account') throw new Error('no login');
  return {
    session,
    server,
    login,
    say: async (...messages) => {
      for (const message of messages) await server.sendMessage(encode(message));
    },
    readProof: async () => {
      const bytes = await server.nextMessage();
      const decoded = bytes === undefined ? undefined : decodeClientMessage(bytes);
      if (decoded?.ok !== true || decoded.message.op !== 'proof') throw new Error('no proof');
      const context = {
        name: blob.name,
        clientNonce: blob.nonce,
        serverNonce: filled(5),
        binding: filled(90),
      };
      return verifyLogin(record, context, decoded.message.proof);
    },
  };
}

describe('a client that logs in', () => {
  it('P-LOGIN-01 says its name and a nonce that is new each time', () => {
    const blobs = [meet().login.blob, meet().login.blob].map(decodeLogin);
    for (const blob of blobs) expect(blob).toMatchObject({ kind: 'account', name: 'alice' });
    expect(blobs[0]).not.toEqual(blobs[1]);
  });

  it('P-LOGIN-03 P-LOGIN-05 proves its password to a server that knows it', async () => {
    const { session, say, readProof } = meet();
    await say(challengeOf(record));
    const { isRight, signature } = await readProof();
    expect(isRight).toBe(true);
    await say({ op: 'welcome', name: 'alice', signature });
    await session.entered;
    expect(session.error).toBe(undefined);
  });

  it('P-LOGIN-03 does so with the parameters of new passwords, which cost 128 MiB', async () => {
    const costly = await newPasswordRecord(PASSWORD);
    expect(costly.parameters).toEqual(HASH_PARAMETERS);
    const { server, say } = meet();
    await say(challengeOf(costly));
    const bytes = await server.nextMessage();
    expect(decodeClientMessage(bytes!)).toMatchObject({ ok: true, message: { op: 'proof' } });
  });

  it.each([
    ['no signature', (): object => ({ op: 'welcome', name: 'alice' })],
    ['a wrong one', (): object => ({ op: 'welcome', name: 'alice', signature: filled(3) })],
    [
      'another name',
      (signature: Uint8Array): object => ({ op: 'welcome', name: 'anonymous', signature }),
    ],
  ])('P-LOGIN-05 leaves a server that welcomes it with %s', async (_, welcome) => {
    const { session, server, say, readProof } = meet();
    await say(challengeOf(record));
    const { signature } = await readProof();
    await say(welcome(signature));
    await expect(session.entered).rejects.toEqual(code(EXIT.LOGIN));
    expect(await server.closed).toMatchObject({ kind: 'aborted', code: ERROR.CANCELLED });
    await expect(session.status()).rejects.toEqual(code(EXIT.LOGIN));
  });

  it('P-LOGIN-05 leaves a server that welcomes it before it has the proof', async () => {
    const { session, say } = meet();
    await say(challengeOf(record), { op: 'welcome', name: 'alice' });
    await expect(session.entered).rejects.toEqual(code(EXIT.LOGIN));
  });

  it('P-LOGIN-05 takes a welcome without a password only if it may have a key there', async () => {
    const withKey = meet();
    await withKey.say({ op: 'welcome', name: 'alice' });
    await withKey.session.entered;
    const without = meet({ hasNoKey: true });
    await without.say({ op: 'welcome', name: 'alice' });
    await expect(without.session.entered).rejects.toEqual(code(EXIT.LOGIN));
  });

  it('P-LOGIN-05 answers one challenge and never a second', async () => {
    let asked = 0;
    const { session, server, say } = meet({
      password: () => {
        asked += 1;
        return Promise.resolve(PASSWORD);
      },
    });
    await say(challengeOf(record), challengeOf(record), challengeOf(record));
    await expect(session.entered).rejects.toEqual(code(EXIT.PROTOCOL));
    expect((await server.closed).kind).toBe('aborted');
    expect(asked).toBe(1);
  });

  it.each([
    { n: 2 ** 14 },
    { n: 2 ** 20, r: 8 },
    { n: 2 ** 17 + 1 },
    { n: 0 },
    { r: 0 },
    { p: 5 },
    { r: 2 ** 40 },
  ])('P-LOGIN-05 hashes nothing with %o', async (parameters) => {
    let asked = 0;
    const { session, say } = meet({
      password: () => {
        asked += 1;
        return Promise.resolve(PASSWORD);
      },
    });
    await say({ ...challengeOf(record), ...parameters });
    await expect(session.entered).rejects.toEqual(code(EXIT.PROTOCOL));
    expect(asked).toBe(0);
  });

  it.each([
    ['an answer', { re: 1, clients: 1, uptimeSeconds: 1, version: '1', access: 'rw' }],
    ['a file', { re: 1, size: 1, mtimeMs: 1, mode: 1 }],
    ['a digest', { op: 'digest', id: 1, digest: filled(1) }],
  ])('P-LOGIN-05 takes %s from no server that has not let it in', async (_, message) => {
    const { session, server, say } = meet();
    const asked = session.status();
    await say(message);
    await expect(asked).rejects.toEqual(code(EXIT.PROTOCOL));
    expect(await server.closed).toMatchObject({ kind: 'aborted', code: ERROR.PROTOCOL });
  });

  it('P-LOGIN-06 sends no byte of a file before it is in', async () => {
    const { session, server, say } = meet();
    const source = {
      sizeBytes: 3,
      mtimeMs: 0,
      mode: 0o600,
      concurrentReads: 1,
      read: (buffer: Uint8Array): Promise<number> => {
        buffer.set([1, 2, 3]);
        return Promise.resolve(3);
      },
      isUnchanged: () => Promise.resolve(true),
      close: () => Promise.resolve(),
    };
    const offer = {
      path: ['x'],
      name: undefined,
      source,
      overwrite: 'always',
      keep: false,
    } as const;
    const posted = postFile(session, { ...offer, signal: NEVER, observer: QUIET });
    expect(decodeClientMessage((await server.nextMessage())!).ok).toBe(true);
    let isData = false;
    const record1 = server.nextRun(1).then((run) => {
      isData = true;
      server.releaseRun(run!);
      return run!.length;
    });
    for (let i = 0; i < 20; i += 1) await settled();
    expect(isData).toBe(false);
    await say({ op: 'welcome', name: 'alice' });
    expect(await record1).toBe(3);
    await session.abort(0);
    await expect(posted).rejects.toBeDefined();
  });

  it('tells why there is no password, and leaves', async () => {
    const { session, server, say } = meet({ password: () => Promise.reject(new Error('x')) });
    await say(challengeOf(record));
    await expect(session.entered).rejects.toBeDefined();
    expect((await server.closed).kind).toBe('aborted');
  });

  it('is asked for no password by a server that it did not log in to', async () => {
    const [client, server] = channelPair();
    client.identity = { publicKey: filled(1), channelBinding: filled(90) };
    const session = new ClientSession(client);
    const asked = session.status();
    await server.sendMessage(encode(challengeOf(record)));
    await expect(asked).rejects.toEqual(code(EXIT.PROTOCOL));
  });
});
