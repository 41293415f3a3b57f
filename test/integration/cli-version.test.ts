/** The version, told without reading the command line in full, and the same by both ways. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { PROGRAM, REPOSITORY } from './cli-rig.ts';

beforeAll(() => {
  if (existsSync(PROGRAM)) return;
  execFileSync('npm', ['run', '-s', 'build'], { cwd: REPOSITORY, stdio: 'inherit' });
});

function lftp(...args: string[]): string {
  return execFileSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });
}

it('tells its version alone, and behind a command', () => {
  const text = readFileSync(join(REPOSITORY, 'package.json'), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  const told = lftp('--version');
  expect(told).toMatch(/^lftp-udp \S+, protocol \d+, Node v\S+\n$/);
  expect(told).toContain(` ${version},`);
  expect(lftp('get', '--version')).toBe(told);
});

it('runs the same where modules cannot be required', () => {
  const args = ['--no-experimental-require-module', PROGRAM, '--version'];
  const told = execFileSync(process.execPath, args, { encoding: 'utf8' });
  expect(told).toBe(lftp('--version'));
});
