/** Guessing at passwords in virtual time, through the messages that a guesser really sends. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT, type LftpError } from '../../../../src/service/error.ts';
import { answer, Door, loginAs } from './door-rig.ts';

const TEN_MINUTES_MS = 600_000;

let door: Door;

beforeEach(async () => {
  door = await Door.make();
  door.addAccount('alice', 1, 2);
});

afterEach(async () => {
  await door.remove();
});

/** One try. @returns undefined when it was right, else the code of the refusal */
async function guess(address: string, seed: number): Promise<number | undefined> {
  const visit = door.knock({ address, login: loginAs('alice') });
  const told = visit.admitted.then(
    () => undefined,
    (error: unknown) => (error as LftpError).code,
  );
  await Promise.race([answer(visit, 'alice', seed), told]);
  await door.world.advance(8000);
  return await told;
}

describe('guessing', () => {
  it('P-LOGIN-11 is answered at most 30 times in any ten minutes of one source', async () => {
    const times: number[] = [];
    const endMs = 4 * TEN_MINUTES_MS;
    while (door.world.nowMs() < endMs) {
      const atMs = door.world.nowMs();
      if ((await guess('192.0.2.7', 99)) === EXIT.LOGIN) times.push(atMs);
    }
    const most = Math.max(
      ...times.map((from) => times.filter((t) => t >= from && t < from + TEN_MINUTES_MS).length),
    );
    expect(most).toBeLessThanOrEqual(30);
    // It does get its answers: a source is slowed down and not locked out.
    expect(most).toBeGreaterThan(20);
  });

  it('P-LOGIN-11 at once, in many connections, is heard ten times', async () => {
    const visits = Array.from({ length: 64 }, () =>
      door.knock({ address: '192.0.2.7', login: loginAs('alice') }),
    );
    const codes = visits.map(({ admitted }) =>
      admitted.catch((error: unknown) => (error as LftpError).code),
    );
    for (const visit of visits.slice(0, 10)) await answer(visit, 'alice', 99);
    await door.world.advance(8000);
    const all = await Promise.all(codes);
    expect(all.filter((value) => value === EXIT.LOGIN)).toHaveLength(10);
    expect(all.filter((value) => value === EXIT.BUSY)).toHaveLength(54);
  });

  it('P-LOGIN-11 keeps the true user from elsewhere out for less than ten seconds', async () => {
    let longestMs = 0;
    for (let round = 0; round < 40; round += 1) {
      // Guessers from everywhere, and one of them from the next house.
      for (let i = 0; i < 10; i += 1) void guess(`203.0.113.${(round * 10 + i) % 250}`, 99);
      void guess('2001:db8:0:1::1', 99);
      await door.world.advance(1000);
      const visit = door.knock({ address: '2001:db8:0:2::1', login: loginAs('alice') });
      const startMs = door.world.nowMs();
      let tookMs = Infinity;
      const entered = visit.admitted.then(() => (tookMs = door.world.nowMs() - startMs));
      await answer(visit, 'alice', 2);
      await door.world.advance(10_000);
      await entered;
      longestMs = Math.max(longestMs, tookMs);
    }
    expect(longestMs).toBeLessThan(10_000);
    expect(longestMs).toBe(0);
  });

  it('P-LOGIN-11 of one who mistyped costs a wait, and the right one nothing', async () => {
    for (let i = 0; i < 5; i += 1) expect(await guess('192.0.2.7', 99)).toBe(EXIT.LOGIN);
    const startMs = door.world.nowMs();
    const visit = door.knock({ address: '192.0.2.7', login: loginAs('alice') });
    const entered = visit.admitted.then(() => door.world.nowMs() - startMs);
    await answer(visit, 'alice', 2);
    await door.world.advance(8000);
    expect(await entered).toBeLessThanOrEqual(8000);
    for (let i = 0; i < 100; i += 1) expect(await guess('192.0.2.8', 2)).toBe(undefined);
  });

  it('P-LOGIN-11 is paid for also by whoever leaves or is too slow', async () => {
    for (let i = 0; i < 10; i += 1) {
      const visit = door.knock({ address: '192.0.2.9', login: loginAs('alice') });
      visit.client.finish();
      expect(await visit.admitted).toBe(undefined);
    }
    await expect(
      door.knock({ address: '192.0.2.9', login: loginAs('alice') }).admitted,
    ).rejects.toMatchObject({ code: EXIT.BUSY });
    const slow = door.knock({ address: '192.0.2.10', login: loginAs('alice') });
    await door.world.advance(120_000);
    await expect(slow.admitted).rejects.toMatchObject({ code: EXIT.DEADLINE });
    expect(door.penalties.size).toBeGreaterThan(1);
  });
});
