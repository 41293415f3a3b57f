/** What `lftp user set` changes counts for sessions that are open: no restart, no new login. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/service/error.ts';
import { AccountsRig } from './accounts-rig.ts';
import { until } from './cli-rig.ts';

let rig: AccountsRig;

const some = new Uint8Array(10);
const code = (value: number): unknown => expect.objectContaining({ code: value });

beforeEach(async () => {
  rig = await AccountsRig.make();
  rig.add('alice');
  rig.add('bob');
});

afterEach(async () => {
  await rig.remove();
});

describe('a change of an account', () => {
  it('P-ACCT-03 gives and takes rights of a session that is open', async () => {
    const alice = await rig.connect('alice');
    await rig.post(alice, 'a', some);
    await rig.change('alice', { rights: { deny: { path: ['in'], rights: ['write'] } } });
    await rig.change('alice', { rights: { deny: { path: [], rights: ['write'] } } });
    const refused = await until(() => rig.post(alice, 'b', some).catch((error: unknown) => error));
    expect(refused).toEqual(code(EXIT.REFUSED));
    await rig.change('alice', { rights: { allow: { path: [], rights: ['write'] } } });
    await until(() =>
      rig.post(alice, 'b', some).then(
        () => true,
        () => undefined,
      ),
    );
    await expect(rig.post(alice, 'in', some)).rejects.toEqual(code(EXIT.REFUSED));
  });

  it('P-ACCT-03 ends the sessions of one that may not be there any more', async () => {
    const cases = [
      { change: { isDisabled: true }, exit: EXIT.LOGIN, text: /disabled/ },
      { change: { limits: { expiresMs: 1 } }, exit: EXIT.LOGIN, text: /expired on 1970/ },
      { change: { home: ['else'] }, exit: EXIT.TEMPORARY, text: /another home/ },
    ];
    for (const index of cases.keys()) rig.add(`user${index}`);
    const bob = await rig.connect('bob');
    await Promise.all(
      cases.map(async ({ change, exit, text }, index) => {
        const user = await rig.connect(`user${index}`);
        await rig.post(user, 'a', some);
        await rig.change(`user${index}`, change);
        const error = await until(() => user.session.error);
        expect(error).toMatchObject({ code: exit, where: 'remote' });
        expect(error.message).toMatch(text);
      }),
    );
    await until(() => (rig.server.clientCount === 1 ? true : undefined));
    await rig.post(bob, 'a', some);
  });

  it('P-ACCT-07 holds all sessions of an account to its rate', async () => {
    await rig.change('alice', { limits: { bytesPerSecond: 2_000_000 } });
    const sessions = [await rig.connect('alice'), await rig.connect('alice')];
    const beganMs = performance.now();
    await Promise.all(
      sessions.map((one, index) => rig.post(one, `f${index}`, new Uint8Array(1_000_000))),
    );
    // A tenth of a second of it may come at once.
    expect(performance.now() - beganMs).toBeGreaterThan(850);
  });

  it('P-ACCT-04 lets in as many sessions of an account as it may have', async () => {
    await rig.change('alice', { limits: { maxSessions: 2 } });
    const [first] = [await rig.connect('alice'), await rig.connect('alice')];
    await until(() => (rig.server.clientCount === 2 ? true : undefined));
    const third = await rig.connect('alice');
    await expect(rig.post(third, 'a', some)).rejects.toEqual(code(EXIT.BUSY));
    await rig.post(await rig.connect('bob'), 'a', some);
    await rig.leave(first);
    await until(() => (rig.server.clientCount < 3 ? true : undefined));
    await rig.post(await rig.connect('alice'), 'a', some);
  });
});
