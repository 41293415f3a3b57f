import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CliRig } from './cli-rig.ts';

let rig: CliRig;
afterEach(async () => rig.remove());

/** The server again, with the same folder of keys. */
async function restart(): Promise<void> {
  rig.server.kill('SIGTERM');
  await rig.server.ended;
  await rig.serve('--data', join(rig.folder, 'keys'));
}

describe('a change of the host key that was announced', () => {
  it('P-LOGIN-13 is none to a client that was there in between, and exit 9 to others', async () => {
    rig = await CliRig.make();
    const data = ['--data', join(rig.folder, 'keys')];
    const known = (name: string): string => join(rig.folder, name);
    const status = async (hosts: string, rule: string): Promise<number | null> => {
      const args = ['connect', rig.at(''), '-c', 'status', '--host-key', rule];
      return (await rig.run([...args, '--known-hosts', known(hosts)])).code;
    };
    await restart();
    expect(await status('early', 'accept-new')).toBe(0);
    expect((await rig.run(['hostkey', 'next', ...data])).code).toBe(0);
    expect((await rig.run(['hostkey', 'next', ...data])).code).toBe(18);
    await restart();
    expect(await status('between', 'accept-new')).toBe(0);
    expect((await rig.run(['hostkey', 'rotate', ...data])).code).toBe(0);
    expect((await rig.run(['hostkey', 'rotate', ...data])).code).toBe(14);
    await restart();
    expect(readFileSync(known('between'), 'utf8').trim().split('\n')).toHaveLength(2);
    expect(await status('between', 'strict')).toBe(0);
    expect(await status('early', 'strict')).toBe(9);
  });
});
