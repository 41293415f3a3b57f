/** A server that has no place left: who comes waits, and is let in by itself. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT, LftpError } from '../../src/service/error.ts';
import { AccountsRig } from './accounts-rig.ts';
import { until } from './cli-rig.ts';

let rig: AccountsRig;

const some = new Uint8Array(1000);

beforeEach(async () => {
  rig = await AccountsRig.make({ maxClients: 2 });
  rig.add('alice');
});

afterEach(async () => {
  await rig.remove();
});

const waiting = (count: number): Promise<true> =>
  until(() => (rig.server.waitingCount === count ? true : undefined));

describe('a full house', () => {
  it('P-WAIT-01 tells who comes its place, and lets it in when one is free', async () => {
    const inside = [await rig.connect(), await rig.connect()];
    await Promise.all(inside.map(({ session }) => session.status()));
    const third = await rig.connect('alice');
    await waiting(1);
    const fourth = await rig.connect();
    await waiting(2);
    const places: [number[], number[]] = [[], []];
    third.session.heedWait((place) => places[0].push(place));
    fourth.session.heedWait((place) => places[1].push(place));
    const posts = [rig.post(third, 'third', some), rig.post(fourth, 'alice/fourth', some)];
    await until(() => (places[1].length > 0 ? true : undefined));
    expect(existsSync(join(rig.root, 'alice/third'))).toBe(false);
    for (const one of inside.splice(0, 1)) await rig.leave(one);
    await posts[0];
    expect(rig.server.clientCount).toBe(2);
    await until(() => (places[1].at(-1) === 1 ? true : undefined));
    await rig.leave(third);
    await posts[1];
    expect(places).toEqual([[1], [2, 1]]);
    expect(rig.server.waitingCount).toBe(0);
  });

  it('P-WAIT-02 forgets who leaves while it waits', async () => {
    const inside = [await rig.connect(), await rig.connect()];
    await Promise.all(inside.map(({ session }) => session.status()));
    const [third, fourth] = [await rig.connect(), await rig.connect()];
    await waiting(2);
    let place = 0;
    fourth.session.heedWait((now) => (place = now));
    third.session.giveUp(new LftpError(EXIT.BUSY, 'remote', 'the server is full'));
    expect(third.session.error?.code).toBe(EXIT.BUSY);
    await waiting(1);
    await until(() => (place === 1 ? true : undefined));
    expect(rig.server.clientCount).toBe(2);
    await rig.server.stop();
    expect((await until(() => fourth.session.error)).code).toBe(EXIT.TEMPORARY);
  });
});
