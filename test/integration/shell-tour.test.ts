/**
 * A tour of the shell: every command right, wrong and without a connection, against what the
 * founding documents say of it. One server, one shell, fed by lines.
 */
import { spawn } from 'node:child_process';
import {
  mkdir,
  readdir,
  readFile,
  realpath,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliRig, PROGRAM, Running, until } from './cli-rig.ts';

let rig: CliRig;
let shell: Running;
let said = 0;
let marks = 0;

beforeAll(async () => {
  rig = await CliRig.make('--anonymous=rw');
  await mkdir(join(rig.root, 'sub', 'deep'), { recursive: true });
  await mkdir(join(rig.work, 'here'));
  await writeFile(join(rig.root, 'one.txt'), 'one');
  await writeFile(join(rig.root, 'two.txt'), 'two!');
  await writeFile(join(rig.root, '.dot'), '');
  await writeFile(join(rig.root, 'sub', 'in sub'), 'sub');
  await symlink('/etc', join(rig.root, 'way-out'));
  await writeFile(join(rig.work, 'mine.c'), 'line\r\nends\r\r\n\rhere\r');
  await writeFile(join(rig.work, 'more.c'), 'more');
  // Both streams in one pipe: so what is said stays in its order.
  const args = ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, PROGRAM, 'connect'];
  const env = { ...process.env, ...rig.environment, SHELL: '/bin/sh' };
  shell = new Running(spawn('sh', args, { cwd: rig.work, env }));
});

afterAll(async () => {
  shell.kill('SIGKILL');
  await rig.remove();
});

/** What the shell says to one line. */
async function say(line: string): Promise<string> {
  marks += 1;
  const mark = `lftp: there is no command "mark${marks}"\n      Try help.\n`;
  shell.child.stdin?.write(`${line}\nmark${marks}\n`);
  return await until(() => {
    const end = shell.stdout.indexOf(mark, said);
    if (end < 0) return undefined;
    const text = shell.stdout.slice(said, end);
    said = end + mark.length;
    return text;
  });
}

/** Each line of a table: what is typed, and what is said to it. */
async function tour(stops: readonly (readonly [string, RegExp | string])[]): Promise<void> {
  for (const [line, wanted] of stops) {
    const text = await say(line);
    if (typeof wanted === 'string') expect([line, text]).toEqual([line, wanted]);
    else expect(text, line).toMatch(wanted);
  }
}

const REMOTE = [
  'get recv post put send append newer mget mput pwd cd cdup ls dir mls mdir stat size mkdir',
  'rmdir rename delete mdelete chmod checksum df quota disconnect close system remotehelp',
  'quote literal whoami ping',
].flatMap((line) => line.split(' '));

const NOT_CONNECTED = 'lftp: Not connected.\n      Please connect first: connect IP PORT\n';

describe('without a connection', () => {
  it('every command that needs one says so, with and without arguments', async () => {
    const lines = REMOTE.flatMap((name) => [name, `${name} a b c d`]);
    await tour(lines.map((line) => [line, NOT_CONNECTED] as const));
    expect(await readdir(rig.work)).toEqual(['here', 'mine.c', 'more.c']);
  });

  it('the others work', async () => {
    const here = await realpath(rig.work);
    await tour([
      ['status', 'modes       type binary, prompt on, debug off\nNot connected.\n'],
      ['lpwd', `${here}\n`],
      ['lcd', `${here}\n`],
      ['lcd here', `${here}/here\n`],
      ['lcd ..', `${here}\n`],
      ['lcd none', /no such file or folder/],
      ['lcd a b', /lcd takes one folder\n +usage: lcd/],
      ['lls', 'here\nmine.c\nmore.c\n'],
      ['lls here', ''],
      ['lls -l', /^drwx.* here\n-rw.* 19 \d{4}-.* mine\.c\n/],
      ['lls none', /no such file or folder/],
      ['!echo a; echo "b c"', 'a\nb c\n'],
      ['! exit 3', /the command ended with code 3/],
      ['!', /needs a command where there is no terminal/],
      ['type', 'type is binary\n'],
      ['ascii', 'type is ascii\n'],
      ['type binary', 'type is binary\n'],
      ['type ebcdic', /neither ascii nor binary/],
      ['type a b', /type takes one of/],
      ['binary', 'type is binary\n'],
      ['prompt', 'prompt is off\n'],
      ['prompt', 'prompt is on\n'],
      ['debug', 'debug is on\n'],
      ['debug', 'debug is off\n'],
      ['passive', /one UDP port/],
      ['user', /the username is missing\n +usage: user NAME/],
      ['user alice secret', /a password is no argument/],
      ['user "no name"', /no account can be called that/],
      ['user anonymous', /logs in as anonymous/],
    ]);
  });

  it('help, abbreviations and what is no command', async () => {
    const help = await say('help');
    for (const name of REMOTE) expect(help).toMatch(new RegExp(`\\b${name}\\b`));
    expect(await say('?')).toBe(help);
    expect(await say('instructions')).toBe(help);
    await tour([
      ['help cd', /^cd FOLDER \| - .*go into a folder, or back\n$/],
      ['help fly', /there is no command "fly"/],
      ['fly', /there is no command "fly"/],
      ['lp', /lftp-cli-.*\n/],
      ['STATUS', /Not connected/],
      ['m', /"m" may mean mget, mput, mls, mdir, mkdir, mdelete/],
      ['open', /the to is missing\n +usage: connect/],
      ['open a b c', /usage: connect IP PORT/],
      ['connect 1.2.3 5000', /please try again/],
      ['connect 127.0.0.1 80', /please try again/],
    ]);
  });
});

describe('with a connection', () => {
  beforeAll(async () => {
    await tour([[`connect 127.0.0.1 ${rig.port}`, `Connected to 127.0.0.1:${rig.port}\n`]]);
  });

  it('a second one is refused, and so is another user', async () => {
    await tour([
      ['open 127.0.0.1 2000', /^lftp: Already connected to 127\.0\.0\.1:\d+, use close first\./],
      ['user bob', /Already logged in as anonymous, use close first/],
      ['status', /connected to 127.*\nclients +1\n.*modes +type binary/s],
      ['system', /^lftp-udp \d+\.\d+\.\d+\n$/],
    ]);
  });

  it('moves through folders, and stays where it was after a failure', async () => {
    await tour([
      ['pwd', '/\n'],
      ['cd sub', ''],
      ['pwd', '/sub\n'],
      ['cd deep', ''],
      ['cd -', ''],
      ['pwd', '/sub\n'],
      ['cd none', /\/sub\/none: no such file or folder \(on the server\)/],
      ['cd ../one.txt', /it is not a folder/],
      ['cd /way-out', /it is not a folder/],
      ['cd', /the remote-folder is missing\n +usage: cd FOLDER/],
      ['pwd', '/sub\n'],
      ['cdup', ''],
      ['cdup', ''],
      ['cd ../../..', ''],
      ['pwd', '/\n'],
    ]);
  });

  it('lists names on the screen and into files', async () => {
    await tour([
      ['ls', 'one.txt\nsub\ntwo.txt\nway-out\n'],
      ['ls -a', '.dot\none.txt\nsub\ntwo.txt\nway-out\n'],
      ['ls sub', 'deep\nin sub\n'],
      ['ls - -', 'one.txt\nsub\ntwo.txt\nway-out\n'],
      ['ls *.txt', 'one.txt\ntwo.txt\n'],
      ['ls none', /no such file or folder/],
      ['ls x*', /no name fits the pattern/],
      ['ls way-out/x', /symbolic links are not followed/],
      ['dir sub', /^drwx.* deep\n-rw.* 3 \d{4}-.* in sub\n$/],
      ['ls -la sub', /^drwx.* deep\n-rw/],
      ['mls sub one.txt -', 'deep\nin sub\none.txt\n'],
      ['mdir one.txt sub -', /^-rw.* one\.txt\ndrwx.* deep\n/],
      ['mls', /the remote-files is missing\n +usage: mls/],
      ['ls sub here/list', ''],
      ['mdir *.txt here/long', ''],
      ['ls sub none/list', /no such file or folder/],
    ]);
    expect(await readFile(join(rig.work, 'here', 'list'), 'utf8')).toBe('deep\nin sub\n');
    expect(await readFile(join(rig.work, 'here', 'long'), 'utf8')).toMatch(
      /one\.txt\n.*two\.txt\n/,
    );
  });

  it('tells of names and changes them', async () => {
    await tour([
      ['stat one.txt', /^path {2}\/one\.txt\nkind {2}file\nsize {2}3 bytes\n/],
      ['stat none', /no such file/],
      ['size two.txt', '/two.txt 4\n'],
      ['size sub', /it is no file/],
      ['checksum two.txt', /^blake3:[0-9a-f]{64}\n$/],
      ['checksum sub', /it is a folder/],
      ['checksum', /the remote-file is missing/],
      ['size', /the remote-file is missing/],
      ['mkdir new', ''],
      ['mkdir new', /it exists already/],
      ['mkdir one.txt', /it exists already/],
      ['mkdir a/b', /no such file or folder/],
      ['mkdir', /the remote-folder is missing/],
      ['rename one.txt new/uno', ''],
      ['rename new/uno two.txt', /the target exists and was left as it is/],
      ['rename none x', /no such file/],
      ['rename', /the from-name is missing/],
      ['rename two.txt', /the to-name is missing/],
      ['rename new/uno one.txt', ''],
      ['chmod 640 one.txt', ''],
      ['chmod rw one.txt', /is no mode/],
      ['chmod 640', /the remote-file is missing/],
      ['rmdir sub', /the folder is not empty/],
      ['rmdir one.txt', /it is not a folder/],
      ['rmdir new', ''],
      ['rmdir new', /no such file/],
      ['delete sub', /it is a folder/],
      ['delete none', /no such file/],
      ['delete .dot', ''],
      ['whoami', 'anonymous, you may read and write\n'],
      ['ping', /^answered after \d+\.\d ms\n$/],
      ['quote stat two.txt', /^\{"kind":"entry","re":\d+,"entry":\["two\.txt",0,4,/],
      ['literal mkdir quoted parents=true', /^\{"kind":"done"/],
      ['quote rename quoted to=sub/quoted', /^\{"kind":"done"/],
      ['quote rmdir sub/quoted', /^\{"kind":"done"/],
      ['quote rmdir sub/quoted', /^\{"kind":"error",.*"error":4,/],
      ['quote chmod one.txt mode=x', /field mode is not a whole number/],
      ['quote get one.txt', /no such operation that moves no file/],
      ['quote', /the operation is missing/],
      ['remotehelp', /^list\nstat\n/],
      ['df', /^\d.* of \d.* are free\n$/],
      ['quota', /are free/],
    ]);
    expect((await stat(join(rig.root, 'one.txt'))).mode & 0o777).toBe(0o640);
    expect((await readdir(rig.root)).sort()).toEqual([
      '.lftp-udp',
      'one.txt',
      'sub',
      'two.txt',
      'way-out',
    ]);
  });

  it('fetches and sends files, one and several', async () => {
    await utimes(join(rig.root, 'two.txt'), 1, 1);
    await tour([
      ['get one.txt', /^get \/one\.txt -> one\.txt: 3 B in/],
      ['recv one.txt here/one ignored', /^get /],
      ['get sub', /it is a folder/],
      ['get none here/one', /no such file/],
      ['get', /the remote-file is missing/],
      ['newer one.txt', /one\.txt is newer than \/one\.txt, or as new\n$/],
      ['newer two.txt here/two', /^get /],
      ['newer two.txt here/two', /is newer than/],
      ['newer none', /no such file/],
      ['newer sub', /it is no file/],
      ['cd sub', ''],
      ['put mine.c', /^post mine\.c -> \/sub\/mine\.c: 19 B/],
      ['send mine.c deep/', /-> \/sub\/deep\/mine\.c/],
      ['post none', /no such file/],
      ['post here', /it is a folder/],
      ['post', /the local-file is missing/],
      ['post -', /the shell itself reads standard input/],
      ['append ../sub/none', /no such file/],
      ['append mine.c deep/mine.c', /^post mine\.c -> \/sub\/deep\/mine\.c: 19 B/],
      ['append more.c', /-> \/sub\/more\.c: 4 B/],
      ['append more.c deep', /it is a folder/],
      ['append', /the local-file is missing/],
      ['delete more.c', ''],
      ['mput *.c none', /^post mine.*\npost more.*none: .*1 of them failed\n$/s],
      ['mput x*', /no name fits.*1 of them failed/s],
      ['mput', /the local-files is missing/],
      ['lcd here', /here\n/],
      ['mget m*.c deep none "in sub"', /mine.*more.*folder.*none.*in sub.*2 of them failed\n$/s],
      ['mget', /the remote-files is missing/],
      ['mdelete more.c deep no*', /it is a folder.*no name fits.*2 of them failed\n$/s],
      ['mdelete', /the remote-files is missing/],
      ['cd ..', ''],
    ]);
    const here = (await readdir(join(rig.work, 'here'))).sort();
    expect(here).toEqual(['in sub', 'list', 'long', 'mine.c', 'more.c', 'one', 'two']);
    expect(await readFile(join(rig.work, 'here', 'one'), 'utf8')).toBe('one');
    expect((await readdir(join(rig.root, 'sub'))).sort()).toEqual(['deep', 'in sub', 'mine.c']);
  });

  it('P-OP-08 append goes on where a file ends', async () => {
    const twice = 'line\r\nends\r\r\n\rhere\r'.repeat(2);
    expect(await readFile(join(rig.root, 'sub', 'deep', 'mine.c'), 'utf8')).toBe(twice);
  });

  it('ascii sends line feeds, and debug shows operations', async () => {
    await tour([
      ['ascii; put ../mine.c text; binary', /type is ascii\npost .*type is binary\n$/s],
      ['debug; size two.txt; get two.txt; debug', /---> stat \/two.txt\n.*---> get \/two.txt\n/s],
    ]);
    expect(await readFile(join(rig.root, 'text'), 'utf8')).toBe('line\nends\r\n\rhere\r');
  });

  it('ends a connection and a shell', async () => {
    await tour([
      ['-delete none', /no such file/],
      ['close', 'Disconnected\n'],
      ['disconnect', NOT_CONNECTED],
      ['status', /Not connected\.\n$/],
      [`open lftp://127.0.0.1:${rig.port}/`, /^Connected/],
      ['pwd', '/\n'],
    ]);
    shell.child.stdin?.write('bye\nls\n');
    const { code, stdout } = await shell.ended;
    // The first command that failed said 2.
    expect([code, stdout.slice(said)]).toEqual([2, '']);
  });
});
