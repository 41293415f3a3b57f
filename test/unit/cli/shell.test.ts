/** Parts of the shell that ask, complete and remember, without a terminal. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CommandContext } from '../../../src/cli/command-table.ts';
import { FlagSource } from '../../../src/cli/flag-source.ts';
import { readFlags } from '../../../src/cli/flag-values.ts';
import { Interrupts } from '../../../src/cli/interrupts.ts';
import { Output } from '../../../src/cli/output.ts';
import { complete } from '../../../src/cli/shell-complete.ts';
import { HISTORY_LINES, readHistory, writeHistory } from '../../../src/cli/shell-history.ts';
import { quoteWord, resolvePath } from '../../../src/cli/shell-path.ts';
import { splitWords } from '../../../src/cli/shell-words.ts';
import { Shell } from '../../../src/cli/shell.ts';

let folder: string;
let said: string;
let shell: Shell;
let questions: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-shell-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  said = '';
  questions = [];
  const sink = { write: (text: string) => (said += text) };
  const options = { json: false, quiet: false, verbose: 0, isStdoutTaken: false };
  const context: CommandContext = {
    operands: [],
    flags: readFlags({}, {}, []),
    source: new FlagSource({}, {}, []),
    output: new Output(options, sink, sink),
    interrupts: new Interrupts(() => undefined),
  };
  shell = new Shell(context);
});

/** Somebody who gives these answers. */
function answering(...answers: string[]): void {
  const ask = (question: string): Promise<string> => {
    questions.push(question);
    return Promise.resolve(answers.shift() ?? '');
  };
  shell.person = { ask, askHidden: ask };
}

describe('a missing argument', () => {
  it('is asked for once, with its name in brackets', async () => {
    answering('bob');
    expect(await shell.execute('user', true)).toBe(0);
    expect(questions).toEqual(['(username) ']);
    expect(shell.user).toBe('bob');
  });

  it('is a usage error when nobody answers, or nobody can be asked', async () => {
    answering('  ');
    expect(await shell.execute('user', true)).toBe(2);
    expect(questions).toHaveLength(1);
    shell.person = undefined;
    expect(await shell.execute('user', true)).toBe(2);
    expect(said.match(/usage: user NAME/g)).toHaveLength(2);
    expect(shell.user).toBeUndefined();
  });
});

describe('a line', () => {
  it('that begins with - may fail, and only that', async () => {
    expect(await shell.execute('-fly', false)).toBe(0);
    expect(await shell.execute('fly; passive', false)).toBe(2);
    expect(said).not.toContain('UDP port');
    expect(await shell.execute('- fly; passive', false)).toBe(0);
    expect(said).toContain('UDP port');
  });
});

describe('a command of this machine', () => {
  it('may stand alone on a line, or among others', async () => {
    expect(await shell.execute('!exit 4', true)).toBe(1);
    expect(await shell.execute('passive; !exit 5; passive', true)).toBe(1);
    expect(said).toContain('ended with code 4');
    expect(said).toContain('ended with code 5');
    expect(said.match(/UDP port/g)).toHaveLength(2);
    expect(await shell.execute('passive; !true', false)).toBe(0);
  });
});

describe('Tab', () => {
  it('completes commands, by all their names', async () => {
    expect(await complete(shell, 'sta')).toEqual([['status ', 'stat '], 'sta']);
    expect(await complete(shell, 'pwd; RECV')).toEqual([['recv '], 'RECV']);
    expect((await complete(shell, ''))[0].length).toBeGreaterThan(40);
  });

  it('completes names of this machine where they are meant', async () => {
    for (const name of ['one file', 'one"', 'bad\u001b']) await writeFile(join(folder, name), '');
    const typed = join(folder, 'o');
    const [found, word] = await complete(shell, `put ${typed}`);
    expect(word).toBe(typed);
    const quoted = found.map((each) => splitWords(each));
    expect(quoted).toEqual([
      { ok: true, commands: [[`${folder}/one file`]] },
      { ok: true, commands: [[`${folder}/one"`]] },
    ]);
    expect((await complete(shell, `lls ${folder}/`))[0]).toHaveLength(2);
    expect(await complete(shell, `put x ${typed}`)).toEqual([[], typed]);
    expect(await complete(shell, `fly ${typed}`)).toEqual([[], typed]);
    expect(await complete(shell, 'put /none/')).toEqual([[], '/none/']);
  });
});

describe('paths', () => {
  it.each([
    ['x', ['a', 'b', 'x'], false],
    ['../x/', ['a', 'x'], true],
    ['/x', ['x'], false],
    ['.', ['a', 'b'], true],
    ['../../../..', [], true],
    ['/', [], true],
    ['./c//d', ['a', 'b', 'c', 'd'], false],
    ['..x', ['a', 'b', '..x'], false],
  ])('%s', (text, path, isFolder) => {
    expect(resolvePath(['a', 'b'], text)).toEqual({ path, isFolder });
  });

  it('are read again as they were quoted', () => {
    const name = 'a b"c\'d\\e;f#g*h?i[j]';
    expect(splitWords(`get ${quoteWord(name)}`)).toEqual({ ok: true, commands: [['get', name]] });
  });
});

describe('history', () => {
  it('is kept for its owner alone, the newest lines of it', async () => {
    const file = join(folder, 'state', 'history');
    expect(await readHistory(file)).toEqual([]);
    const lines = Array.from({ length: HISTORY_LINES + 5 }, (_, index) => `ls ${index}`);
    await writeHistory(file, lines);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700);
    expect(await readHistory(file)).toEqual(lines.slice(0, HISTORY_LINES));
    expect((await readFile(file, 'utf8')).endsWith('ls 1\nls 0\n')).toBe(true);
    // Where it cannot be kept, the shell works all the same.
    await writeHistory(join(file, 'x'), ['ls']);
  });
});
