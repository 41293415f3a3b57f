/**
 * The main job before your eyes: `npm run demo`.
 *
 * A real server, a bad link (1 % loss each way, 4 ms round trip) and real clients, each a process
 * of its own. 50 MB are posted and fetched back, sealed and under the key that the server showed at
 * its start, and what came back is compared.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '../src/util/random.ts';

const SIZE_BYTES = 50_000_000;
const LOSS = 0.01;
const DELAY_MS = 2;
const SEED = 1;

const LFTP = fileURLToPath(new URL('../bin/lftp.js', import.meta.url));
const RELAY = fileURLToPath(new URL('relay.js', import.meta.url));

interface Done {
  readonly op: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly digest: string;
  readonly goodputMbps: number;
  readonly retransmittedShare: number;
}

interface RelayCounts {
  readonly forward: { readonly sent: number; readonly losses: number };
  readonly backward: { readonly sent: number; readonly losses: number };
}

interface Running {
  readonly child: ChildProcess;
  readonly lines: Interface;
}

const children: ChildProcess[] = [];
const isTerminal = process.stderr.isTTY;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function start(script: string, args: readonly string[], isQuiet = false): Running {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['pipe', 'pipe', isQuiet ? 'ignore' : 'inherit'],
    // Keys that are made here go with the folder.
    env: { ...process.env, XDG_DATA_HOME: folder },
  });
  children.push(child);
  return { child, lines: createInterface(child.stdout) };
}

/** The next line of JSON that `running` prints. */
async function nextLine(running: Running): Promise<Record<string, unknown>> {
  const [line] = (await once(running.lines, 'line', {
    signal: AbortSignal.timeout(20_000),
  })) as [string];
  return JSON.parse(line) as Record<string, unknown>;
}

/** As a shell wants it. */
function quoted(word: string): string {
  return /^[\w./:-]+$/.test(word) ? word : `'${word}'`;
}

/** Runs one client to its end and shows its progress on the way. */
async function transfer(title: string, args: readonly string[]): Promise<Done> {
  say(`\n$ lftp ${args.map(quoted).join(' ')}`);
  const style = isTerminal ? ['--progress', 'bar'] : ['--quiet', '--progress', 'plain'];
  const running = start(LFTP, [...args, '--json', ...style]);
  const ended: Done[] = [];
  running.lines.on('line', (line) => {
    const event = JSON.parse(line) as Record<string, unknown>;
    if (event['event'] === 'done') ended.push(event as unknown as Done);
    if (event['event'] === 'progress' && !isTerminal) showProgress(title, event);
  });
  const [code] = (await once(running.child, 'close')) as [number | null];
  const done = ended[0];
  if (code !== 0 || done === undefined) throw new Error(`${title} ended with ${String(code)}`);
  return done;
}

function showProgress(title: string, event: Record<string, unknown>): void {
  const percent = Math.floor((100 * Number(event['bytes'])) / SIZE_BYTES);
  const megabytes = (Number(event['bytesPerSecond']) / 1e6).toFixed(1);
  say(`${title.padEnd(4)} ${String(percent).padStart(3)} %  ${megabytes.padStart(5)} MB/s`);
}

function makeFile(path: string): void {
  const random = new SeededRandom(SEED);
  const words = new Uint32Array(SIZE_BYTES / 4);
  for (let i = 0; i < words.length; i += 1) words[i] = random.uint32();
  writeFileSync(path, new Uint8Array(words.buffer));
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

function rowOf(done: Done): string[] {
  return [
    done.op,
    `${done.bytes.toLocaleString('en')} bytes`,
    `${done.seconds.toFixed(2)} s`,
    `${done.goodputMbps.toFixed(1)} Mbit/s`,
    `${(100 * done.retransmittedShare).toFixed(2)} %`,
    done.digest,
  ];
}

/** Carries the file through the link and back; true when the same bytes came back. */
async function run(folder: string): Promise<boolean> {
  const [root, original, copy] = ['root', 'original.bin', 'copy.bin'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  mkdirSync(root);
  say(`Making ${SIZE_BYTES.toLocaleString('en')} seeded bytes in ${folder}`);
  makeFile(original);

  say(`\n$ lftp serve ${root} --anonymous rw --host 127.0.0.1 --port 0`);
  const flags = ['--anonymous', 'rw', '--host', '127.0.0.1', '--port', '0', '--json'];
  const server = start(LFTP, ['serve', root, ...flags], true);
  const { port, fingerprint } = await nextLine(server);
  const serverPort = Number(port);
  const link = ['--loss', String(LOSS), '--delay-ms', String(DELAY_MS), '--seed', String(SEED)];
  const relay = start(RELAY, ['--target-port', String(serverPort), ...link]);
  const relayPort = Number((await nextLine(relay))['port']);
  say(`The server listens on UDP port ${serverPort}. Port ${relayPort} leads to it over a link`);
  say(`with ${100 * LOSS} % loss each way and ${2 * DELAY_MS} ms of round trip.`);

  say(`Its key is ${String(fingerprint)}: no other is believed.`);

  const address = `127.0.0.1:${relayPort}:/file.bin;fp=${String(fingerprint)}`;
  const posted = await transfer('post', ['post', original, address]);
  const fetched = await transfer('get', ['get', address, copy]);

  const counts = nextLine(relay);
  relay.child.stdin?.end();
  const { forward, backward } = (await counts) as unknown as RelayCounts;
  const isEqual = readFileSync(original).equals(readFileSync(copy));
  const titles = ['', 'size', 'time', 'goodput', 'sent again', 'digest'];
  say(`\n${table([titles, rowOf(posted), rowOf(fetched)])}`);
  say(
    `\nThe link carried ${(forward.sent + backward.sent).toLocaleString('en')} datagrams ` +
      `and lost ${(forward.losses + backward.losses).toLocaleString('en')} of them.`,
  );
  const isSame = isEqual && posted.digest === fetched.digest;
  say(isSame ? 'The file that came back is the file that left.' : 'THE FILES DIFFER.');
  return isSame;
}

const folder = mkdtempSync(join(tmpdir(), 'lftp-demo-'));
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
process.exit((await run(folder)) ? 0 : 1);
