import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CliRig, until } from './cli-rig.ts';

type Line = Readonly<Record<string, unknown>>;

it('a server logs its counters at a signal, and once more at its end', async () => {
  const rig = await CliRig.make('--anonymous=rw');
  const counted = (): Line[] =>
    rig.server.stderr
      .split('\n')
      .filter((line) => line.includes('"counted"'))
      .map((line) => JSON.parse(line) as Line);
  await writeFile(join(rig.root, 'file'), 'x');
  expect(await rig.run(['get', rig.at('file')])).toMatchObject({ code: 0 });
  rig.server.kill('SIGUSR2');
  const asked = await until(() => counted()[0]);
  expect(asked).toMatchObject({ accepted: 1, moves: 0, penalties: 0, penaltiesForgotten: 0 });
  expect(asked).toMatchObject({ tokens: 0, tokensVoided: 0, addresses: 1, addressesForgotten: 0 });
  expect(await rig.run(['get', rig.at('file'), 'again'])).toMatchObject({ code: 0 });
  rig.server.kill('SIGTERM');
  await rig.server.ended;
  expect(counted()).toHaveLength(2);
  expect(counted()[1]).toMatchObject({ accepted: 2, addresses: 2, openFiles: 0 });
  await rig.remove();
});
