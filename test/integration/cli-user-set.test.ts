import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventIn } from './cli-rig.ts';
import { KeysRig } from './keys-rig.ts';

let rig: KeysRig;

beforeEach(async () => {
  rig = await KeysRig.make();
  await rig.run(['keygen', '-f', 'k']);
  await rig.run(['user', 'add', 'alice', '--key', 'k.pub']);
});

afterEach(async () => {
  await rig.remove();
});

describe('lftp user set', () => {
  it('changes what it is told, and shows all of it', async () => {
    const limits = ['--sessions', '2', '--expires', '2030-12-31', '--disable'];
    const rights = ['--deny', 'all', '--allow', 'read,list'];
    const set = await rig.run(['user', 'set', 'alice', ...limits, ...rights, '--json']);
    expect(set).toMatchObject({ code: 0 });
    const event = {
      name: 'alice',
      home: '/alice',
      disabled: true,
      rules: [
        { path: '/', allowed: ['read', 'list'], denied: ['write', 'delete', 'rename', 'mkdir'] },
      ],
      sessions: 2,
      expires: Date.UTC(2030, 11, 31) / 1000,
    };
    expect(eventIn(set.stdout, 'account')).toMatchObject({ change: 'set', ...event });
    const shown = await rig.run(['user', 'show', 'alice', '--json']);
    expect(eventIn(shown.stdout, 'account')).toMatchObject(event);
    const listed = await rig.run(['user', 'list']);
    expect(listed.stdout).toContain('deny write,delete,rename,mkdir:/, allow read,list:/');
    const again = await rig.run(['user', 'set', 'alice', '--enable', '--expires', 'none']);
    expect(again.stdout).toMatch(/^limits {4}sessions: 2$/m);
    const runs = [
      await rig.run(['user', 'set', 'nobody', '--enable']),
      await rig.run(['user', 'show', 'nobody']),
      await rig.run(['user', 'set', 'alice']),
      await rig.run(['user', 'set', 'alice', '--allow', 'fly']),
      await rig.run(['user', 'set', 'alice', '--home', '../x']),
    ];
    expect(runs.map(({ code }) => code)).toEqual([4, 4, 2, 2, 2]);
  });
});
