/** Raw output of a long run, kept under docs/results/. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

export function keepResult(name: string, command: string, lines: readonly string[]): void {
  const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' });
  const head = [
    `command: ${command}`,
    `commit: ${commit.trim()}`,
    `date: ${new Date().toISOString()}`,
    `machine: ${cpus().length} cores, Node ${process.version}`,
    '',
  ];
  writeFileSync(`docs/results/${name}.txt`, `${[...head, ...lines].join('\n')}\n`);
}
