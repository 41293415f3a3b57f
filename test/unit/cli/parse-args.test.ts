import { describe, expect, it } from 'vitest';
import { flagNames } from '../../../src/cli/command-table.ts';
import { readFlags } from '../../../src/cli/flag-values.ts';
import type { Environment } from '../../../src/cli/flag-source.ts';
import type { Flags } from '../../../src/cli/flag-values.ts';
import { flagVariable } from '../../../src/cli/flags.ts';
import { parseArgs } from '../../../src/cli/parse-args.ts';
import { parseQuickly, wantsJson } from '../../../src/cli/parse-quickly.ts';
import { EXIT } from '../../../src/service/error.ts';

const usage = expect.objectContaining({ code: EXIT.USAGE }) as Error;

interface Read {
  readonly name: string;
  readonly operands: readonly string[];
  readonly flags: Flags;
}

function read(line: string, environment: Environment = {}): Read {
  const parsed = parseArgs(line.split(' '));
  if (parsed.kind !== 'command') throw new Error(parsed.kind);
  const { command, operands, raw } = parsed;
  return { name: command.name, operands, flags: readFlags(raw, environment, flagNames(command)) };
}

/** What both ways must agree on: a count or switch that is not there is 0, false or nothing. */
function meaning(line: string, parse: typeof parseQuickly): unknown {
  const parsed = parse(line.split(' '));
  if (parsed === undefined) return undefined;
  const { command, operands, raw } = parsed;
  const flags = readFlags(raw, {}, flagNames(command));
  return { name: command.name, operands, flags };
}

describe('the quick way', () => {
  it.each([
    'get a',
    'get a -',
    'get -p4vv --patience 2m --max-time=1.5 host:1.50 --json - -q',
    'get --overwrite never -p -6 -v a b',
    'put a host:',
    'put -rp a host:',
    'post -- -x host:',
    'post --json -- --json -',
    'serve',
    'serve . -P 0 --anonymous=rw --max-clients 5 --max-clients-per-source 2',
    'connect -c stop 127.0.0.1 2000',
    'connect -b file',
    'get --patience 1 --patience 2 a',
    'keygen -f id --comment me',
    'hostkey',
    'hostkey --json -P 5',
    'hostkey show --data x',
    'hostkey trust a;fp=x --known-hosts f',
    'hostkey forget host:5 -q',
    'user add alice --home a/b --key k.pub --data d --password-stdin',
    'user passwd alice --password-stdin',
    'user key alice k.pub --remove',
    'user key alice -- -k',
    'user list --json',
    'user rm alice',
  ])('lftp %s means what yargs says', (line) => {
    const slow: typeof parseQuickly = (args) => {
      const parsed = parseArgs(args);
      return parsed.kind === 'command' ? parsed : undefined;
    };
    expect(meaning(line, parseQuickly)).toBeDefined();
    expect(meaning(line, parseQuickly)).toEqual(meaning(line, slow));
  });

  it.each([
    '',
    'fly',
    '--help',
    'get',
    'get --help a',
    'get --nope a',
    'get --patience',
    'get a b c',
    'user',
    'user fly',
    'user add',
    'user --json list',
    'hostkey fly',
  ])('leaves "lftp %s" to yargs', (line) => {
    expect(parseQuickly(line.split(' '))).toBeUndefined();
  });
});

describe('the command line', () => {
  it('reads commands, operands and flags', () => {
    const { name, operands, flags } = read(
      'get -p4vv --patience 2m --max-time=1.5 --overwrite never --cc founding h:1.50 --json - -q',
    );
    expect({ name, operands }).toEqual({ name: 'get', operands: ['h:1.50', '-'] });
    expect(flags).toMatchObject({
      preserve: true,
      family: 4,
      verbose: 2,
      patienceMs: 120_000,
      maxTimeMs: 1500,
      overwrite: 'never',
      cc: 'founding',
      json: true,
      quiet: true,
      progress: 'auto',
    });
  });

  it('put is post, and serve has defaults', () => {
    expect(read('put a host:').name).toBe('post');
    expect(read('serve')).toMatchObject({
      operands: [],
      flags: { port: 10_000, anonymous: undefined, host: undefined, maxClients: 1024 },
    });
    expect(read('serve -P 0 --max-patience 0').flags).toMatchObject({
      port: 0,
      maxPatienceMs: Infinity,
    });
  });

  it('-r is for commands that move trees', () => {
    expect(read('get -r a').flags.recursive).toBe(true);
    expect(read('put --recursive a b').flags.recursive).toBe(true);
    expect(read('get a').flags.recursive).toBe(false);
    expect(read('get a', { LFTPU_RECURSIVE: '1' }).flags.recursive).toBe(true);
  });

  it('-- ends the flags', () => {
    expect(read('post -- -x host:').operands).toEqual(['-x', 'host:']);
    expect(read('get --json -- host:-x --json').operands).toEqual(['host:-x', '--json']);
    expect(wantsJson(['get', '--', '--json'])).toBe(false);
    expect(wantsJson(['get', '--json', '--', 'x'])).toBe(true);
  });

  it.each([
    'fly',
    'get',
    'get a b c',
    'post a',
    'serve a b',
    'connect a b c',
    'get --what a',
    'get --limit-rate 5 a',
    'connect -r a',
    'get --no-retry a',
    'get --json=maybe=so --nope a',
    'get a --patience',
    'get --pat=3 a',
    'serve --overwrite=never',
  ])('lftp %s is wrong use', (line) => {
    expect(() => parseArgs(line.split(' '))).toThrow(usage);
  });

  it.each([
    'get --patience=soon a',
    'get --patience= a',
    'get --max-time -5 a',
    'get --cc fast a',
    'get --overwrite perhaps a',
    'get --progress loud a',
    'get -4 -6 a',
    'serve --port 65536',
    'serve --port x',
    'serve --anonymous on',
    'serve --max-clients -1',
    'serve --max-clients 1.5',
  ])('lftp %s has a bad value', (line) => {
    expect(() => read(line)).toThrow(usage);
  });

  it('variables stand in for flags that are not given', () => {
    const environment = {
      LFTPU_PATIENCE: '5',
      LFTPU_JSON: '1',
      LFTPU_QUIET: 'no',
      LFTPU_MAX_TIME: '',
      LFTPU_PORT: 'not looked at by get',
      LFTPU_VERBOSE: '2',
    };
    expect(read('get a --patience 7', environment).flags).toMatchObject({
      patienceMs: 7000,
      json: true,
      quiet: false,
      maxTimeMs: undefined,
      verbose: 2,
    });
    expect(flagVariable('max-time')).toBe('LFTPU_MAX_TIME');
    expect(() => read('get a', { LFTPU_PATIENCE: 'x' })).toThrow(/LFTPU_PATIENCE/);
    expect(() => read('get a', { LFTPU_QUIET: 'x' })).toThrow(/LFTPU_QUIET/);
  });

  it('help and version are no commands', () => {
    expect(parseArgs(['--version'])).toEqual({ kind: 'version' });
    expect(parseArgs(['--help'])).toMatchObject({ kind: 'help' });
    expect(parseArgs(['get', '-h'])).toMatchObject({ kind: 'help' });
    expect(parseArgs([])).toMatchObject({ kind: 'usage' });
    const help = parseArgs(['post', '--help']);
    expect(help.kind === 'help' && help.text).toContain('lftp post [flags] <local> <address>');
  });
});
