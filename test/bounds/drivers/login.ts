/** What those who want to come in, or have come in, can make a server remember. */
import { Penalties } from '../../../src/service/accounts/penalties.ts';
import { parametersFault, passwordFault } from '../../../src/service/accounts/slow-hash.ts';
import { accountNameFault } from '../../../src/service/accounts/account-name.ts';
import { EXIT } from '../../../src/service/error.ts';
import { SESSION_MAX_REQUESTS } from '../../../src/service/limits.ts';
import { AttachTokens } from '../../../src/service/login/attach-tokens.ts';
import { encodeMessage } from '../../../src/service/messages.ts';
import { answer, Door, filled, loginAs } from '../../unit/service/login/door-rig.ts';
import { codeOf, codeOfAsync, type Driver, fillEdge, fillTable, tenth } from '../fill.ts';

function token(index: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, index);
  return bytes;
}

export const accountTokens: Driver = (cap) => {
  const tokens = new AttachTokens();
  return fillTable(cap, {
    add: (index) => tokens.add(0, token(index), 'alice', filled(1)),
    size: () => tokens.size,
    counted: () => tokens.voided,
  });
};

export const allTokens: Driver = (cap) => {
  const tokens = new AttachTokens();
  return fillTable(cap, {
    add: (index) => tokens.add(0, token(index), `account-${index >> 7}`, filled(1)),
    size: () => tokens.size,
    counted: () => tokens.voided,
  });
};

export const tokensAsked: Driver = async (cap) => {
  const door = await Door.make();
  const principal = { name: 'alice', home: [], access: 'rw' } as const;
  const given = (count: number): number =>
    door.logins.makeTokens(count, principal, filled(1)).length;
  const fill = fillEdge(cap, (count) => given(count) === count);
  return { ...fill, clean: () => door.remove() };
};

export const penaltySources: Driver = (cap) => {
  const penalties = new Penalties();
  return fillTable(cap, {
    add: (index) => void penalties.admit(0, `10.0.${index >> 8}.${index & 255}`, 'alice'),
    size: () => penalties.size,
    counted: () => penalties.forgotten,
  });
};

export const penaltyNames: Driver = (cap) => {
  const penalties = new Penalties();
  return fillTable(cap, {
    add: (index) => penalties.fail(0, `name-${index}`),
    size: () => penalties.nameCount,
    counted: () => penalties.forgotten,
  });
};

/** One source guesses: beyond what it owes by then it gets no challenge. */
export const guesses: Driver = (cap) => {
  const penalties = new Penalties();
  let heard = 0;
  let refused = 0;
  const tryOnce = (): void => {
    if (penalties.admit(0, '192.0.2.1', 'alice').kind === 'heard') heard += 30_000;
    else refused += 1;
  };
  while (refused === 0) tryOnce();
  const held = heard - 30_000;
  for (let i = 0; i < 10; i += 1) tryOnce();
  const beyond = heard - 30_000;
  return { held: held === cap ? cap : held, beyond, refused, counted: refused, more: tryOnce };
};

/** Bytes of requests that wait for the login of their client. */
export const earlyRequests: Driver = async (cap) => {
  const door = await Door.make();
  door.addAccount('alice', undefined, 5);
  const wait = async (bytes: number): Promise<number> => {
    const visit = door.knock({ login: loginAs('alice'), address: `10.9.${bytes >> 8}.9` });
    const frame = encodeMessage({ op: 'get', id: 1, path: [''] }).length + 2;
    for (let left = bytes; left > 0;) {
      const length = Math.min(16_000, left);
      const path = ['x'.repeat(length - frame)];
      await visit.client.sendMessage(encodeMessage({ op: 'get', id: 1, path }));
      left -= length;
    }
    const proving = answer(visit, 'alice', 5).catch(() => undefined);
    await door.world.advance(1_000);
    await proving;
    const code = await codeOfAsync(() => visit.admitted);
    return code;
  };
  const codes = [await wait(cap), await wait(cap + 100), await wait(cap + tenth(cap))];
  const refused = codes.slice(1).filter((code) => code === EXIT.BUSY).length;
  const beyond = refused === 2 ? cap : cap + 1;
  const held = codes[0] === 0 ? cap : 0;
  return { held, beyond, refused, counted: refused, clean: () => door.remove() };
};

/** How many of them, however short. */
export const earlyRequestCount: Driver = async (cap) => {
  const door = await Door.make();
  door.addAccount('alice', undefined, 5);
  const wait = async (count: number): Promise<number> => {
    const visit = door.knock({ login: loginAs('alice'), address: `10.8.0.${count}` });
    for (let id = 1; id <= count; id += 1) {
      await visit.client.sendMessage(encodeMessage({ op: 'status', id }));
    }
    const proving = answer(visit, 'alice', 5).catch(() => undefined);
    await door.world.advance(1_000);
    await proving;
    const code = await codeOfAsync(() => visit.admitted);
    return code;
  };
  const codes = [await wait(cap), await wait(cap + 1), await wait(cap + tenth(cap))];
  const refused = codes.slice(1).filter((code) => code === EXIT.BUSY).length;
  const held = codes[0] === 0 && cap === SESSION_MAX_REQUESTS ? cap : 0;
  const beyond = refused === 2 ? cap : cap + 1;
  return { held, beyond, refused, counted: refused, clean: () => door.remove() };
};

/** Somebody is challenged and says nothing. */
export const loginTime: Driver = async (cap) => {
  const door = await Door.make();
  const visit = door.knock({ login: loginAs('alice') });
  let code = -1;
  const ended = codeOfAsync(() => visit.admitted).then((found) => (code = found));
  await door.world.advance(cap - 1);
  const isWaiting = code === -1;
  await door.world.advance(1);
  await ended;
  const isLate = Number(code === EXIT.DEADLINE);
  const timers = door.world.runningTimers;
  const clean = (): Promise<void> => door.remove();
  const held = isWaiting ? cap : 0;
  return { held, beyond: cap + timers, refused: isLate, counted: isLate, clean };
};

export const accountKeys: Driver = async (cap) => {
  const door = await Door.make();
  door.addAccount('alice');
  let refused = 0;
  const fill = fillTable(cap, {
    add: (index) => {
      const key = { publicKey: filled(index), comment: '' };
      if (codeOf(() => door.accounts.addKey('alice', key, 0)) === EXIT.BUSY) refused += 1;
    },
    size: () => door.accounts.find('alice')?.keys.length ?? 0,
    counted: () => refused,
  });
  return { ...fill, clean: () => door.remove() };
};

export const accountRules: Driver = async (cap) => {
  const door = await Door.make();
  door.addAccount('alice');
  let refused = 0;
  const fill = fillTable(cap, {
    add: (index) => {
      const deny = { path: [`folder ${index}`], rights: ['read'] } as const;
      const change = (): void => door.accounts.change('alice', { rights: { deny } }, 0);
      if (codeOf(change) === EXIT.USAGE) refused += 1;
    },
    size: () => door.accounts.find('alice')?.rules.length ?? 0,
    counted: () => refused,
  });
  return { ...fill, clean: () => door.remove() };
};

export const accountName: Driver = (cap) =>
  fillEdge(cap, (letters) => accountNameFault('x'.repeat(letters)) === undefined);

export const passwordBytes: Driver = (cap) =>
  fillEdge(cap, (bytes) => passwordFault('x'.repeat(bytes)) === undefined);

/** Memory comes in powers of two. */
export const slowHashBytes: Driver = (cap) => {
  const isTaken = (bytes: number): boolean =>
    parametersFault({ algorithm: 'scrypt', n: bytes / 1024, r: 8, p: 1 }) === undefined;
  const beyond = isTaken(2 * cap) ? 2 * cap : cap;
  const refused = Number(!isTaken(2 * cap));
  return { held: isTaken(cap) ? cap : 0, beyond, refused, counted: refused };
};
