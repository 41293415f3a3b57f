import { readFileSync, renameSync } from 'node:fs';
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
  it('P-LOGIN-13 P-LOGIN-15 frightens nobody who was there in between', async () => {
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
    const linesOf = (name: string): string[] =>
      readFileSync(known(name), 'utf8').trim().split('\n');
    expect(linesOf('between')).toHaveLength(2);
    const [, next] = linesOf('between');
    expect(await status('between', 'strict')).toBe(0);
    expect(linesOf('between')).toEqual([next]);
    expect(await status('early', 'strict')).toBe(9);
    // Whoever has the old key, and sits where the server was, is a stranger now.
    renameSync(join(rig.folder, 'keys', 'host.key.old'), join(rig.folder, 'keys', 'host.key'));
    await restart();
    expect(await status('between', 'strict')).toBe(9);
    expect(await status('early', 'strict')).toBe(0);
  });
});
