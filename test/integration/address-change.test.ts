/** A client that the server sees at another port and address time and again, over real sockets. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startRelay } from '../../src/cli/relay.ts';
import { CliRig } from './cli-rig.ts';

/** 40 Mbit/s: eighteen megabytes take close to four seconds, and so three moves. */
const LINK = { rateBitsPerSecond: 40e6, delayMs: 5 };
const SIZE_BYTES = 18_000_000;
const WANDERING = { everyMs: 1_000, overlapMs: 200 };

it('P-MOVE-02 P-MOVE-05 a get and a post arrive whole while the client wanders', async () => {
  const rig = await CliRig.make('--anonymous=rw');
  const target = { targetAddress: '127.0.0.1', targetPort: rig.port };
  const links = { forward: LINK, backward: LINK, seed: 1 };
  const relay = await startRelay({ ...target, ...links, wandering: WANDERING });
  const [down, up] = [randomBytes(SIZE_BYTES), randomBytes(SIZE_BYTES)];
  await writeFile(join(rig.root, 'down'), down);
  await writeFile(join(rig.work, 'up'), up);
  const at = `127.0.0.1:${relay.port}:`;
  const [got, posted] = await Promise.all([
    rig.run(['get', `${at}down`]),
    rig.run(['post', 'up', at]),
  ]);
  expect([got.code, posted.code]).toEqual([0, 0]);
  expect(down.equals(await readFile(join(rig.work, 'down')))).toBe(true);
  expect(up.equals(await readFile(join(rig.root, 'up')))).toBe(true);
  const { moves } = relay.report();
  await relay.close();
  rig.server.kill('SIGTERM');
  const { stderr } = await rig.server.ended;
  const counted = /"moves":(\d+)/.exec(stderr)?.[1];
  expect(Number(counted)).toBeGreaterThanOrEqual(6);
  expect(Number(counted)).toBeLessThanOrEqual(moves);
  await rig.remove();
}, 60_000);
