/**
 * 10 GB through one pair of processes, both ways, on loopback and to a real disk: offsets that do
 * not fit 32 bits, and memory that does not grow with what has passed.
 */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doneEvent, residentBytes, startClient, startServer } from '../lab/lftp.ts';
import type { Server } from '../lab/lftp.ts';
import { openLoopback } from '../lab/session.ts';
import type { Host } from '../lab/session.ts';
import { filesEqual } from '../rows/row.ts';

export const about = 'get and post of a 10 GB sparse file on loopback (30 GB of disk)';

const SIZE_BYTES = 10_000_000_000;
const MARK_EVERY_BYTES = 512 * 1024 ** 2;
const SAMPLE_MS = 250;
const MAX_RESIDENT_BYTES = 200e6;
/** The second half of a transfer may have so much more than the first: heaps breathe. */
const GROWTH_BYTES = 16e6;

/** Zeros but for a mark here and there, so that a piece in the wrong place is seen. */
function writeSparse(path: string): void {
  const file = openSync(path, 'w');
  for (let at = 0; at < SIZE_BYTES; at += MARK_EVERY_BYTES) {
    writeSync(file, `mark at ${at}`, at);
  }
  closeSync(file);
  truncateSync(path, SIZE_BYTES);
}

/** What a process has resident while a transfer runs, in the order of the samples. */
class Memory {
  private readonly samples: number[] = [];

  sample(pid: number): void {
    const bytes = residentBytes(pid);
    if (bytes > 0) this.samples.push(bytes);
  }

  /** Prints the peaks of both halves; whether the memory is bounded, and flat. */
  isFlat(who: string): boolean {
    const half = Math.floor(this.samples.length / 2);
    const [first, second] = [this.samples.slice(0, half), this.samples.slice(half)].map((part) =>
      part.reduce((most, bytes) => Math.max(most, bytes), 0),
    );
    const [a = 0, b = 0] = [first, second];
    const isFlat = half > 4 && b <= a + GROWTH_BYTES && Math.max(a, b) <= MAX_RESIDENT_BYTES;
    const told = `${(a / 1e6).toFixed(0)} MB, then ${(b / 1e6).toFixed(0)} MB`;
    console.log(`  ${who}: peak of the first half ${told}: ${isFlat ? 'flat' : 'NOT FLAT'}`);
    return isFlat;
  }
}

/** One transfer by the built program; whether all bytes passed in flat memory. */
async function transfer(host: Host, server: Server, args: readonly string[]): Promise<boolean> {
  const client = startClient(host, args);
  const [ofClient, ofServer] = [new Memory(), new Memory()];
  const timer = setInterval(() => {
    ofClient.sample(client.pid);
    ofServer.sample(server.pid);
  }, SAMPLE_MS);
  try {
    const { seconds, goodputMbps, bytes } = doneEvent(await client.ended);
    console.log(`${args[0]}: ${seconds.toFixed(1)} s, ${goodputMbps.toFixed(0)} Mbit/s`);
    const isClientFlat = ofClient.isFlat('client');
    return ofServer.isFlat('server') && isClientFlat && bytes === SIZE_BYTES;
  } finally {
    clearInterval(timer);
  }
}

export async function run(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'lftp-sparse-'));
  try {
    const root = join(folder, 'server');
    mkdirSync(root);
    const source = join(root, 'file');
    const target = join(folder, 'copy');
    writeSparse(source);
    const host = openLoopback().a;
    const server = await startServer(host, root);
    const isGot = await transfer(host, server, ['get', server.url('file'), target]);
    const isGetEqual = filesEqual(source, target);
    const isPut = await transfer(host, server, ['post', target, server.url('back')]);
    const isPostEqual = filesEqual(source, join(root, 'back'));
    await server.stop();
    return isGot && isPut && isGetEqual && isPostEqual;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
