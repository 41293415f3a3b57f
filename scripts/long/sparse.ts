/** A file beyond 4 GiB: offsets that do not fit 32 bits, both ways, on loopback. */
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
import { doneEvent, runClient, startServer } from '../lab/lftp.ts';
import { openLoopback } from '../lab/session.ts';
import { filesEqual } from '../rows/row.ts';

export const about = 'get and post of a 5 GiB sparse file on loopback (15 GiB of disk)';

const SIZE_BYTES = 5 * 1024 ** 3;
const MARK_EVERY_BYTES = 512 * 1024 ** 2;

/** Zeros but for a mark here and there, so that a piece in the wrong place is seen. */
function writeSparse(path: string): void {
  const file = openSync(path, 'w');
  for (let at = 0; at < SIZE_BYTES; at += MARK_EVERY_BYTES) {
    writeSync(file, `mark at ${at}`, at);
  }
  closeSync(file);
  truncateSync(path, SIZE_BYTES);
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
    const got = doneEvent(await runClient(host, ['get', server.url('file'), target]));
    console.log(`get: ${got.seconds.toFixed(1)} s, ${got.goodputMbps.toFixed(0)} Mbit/s`);
    const isGetEqual = filesEqual(source, target);
    const put = doneEvent(await runClient(host, ['post', target, server.url('back')]));
    console.log(`post: ${put.seconds.toFixed(1)} s, ${put.goodputMbps.toFixed(0)} Mbit/s`);
    const isPostEqual = filesEqual(source, join(root, 'back'));
    await server.stop();
    return isGetEqual && isPostEqual && got.bytes === SIZE_BYTES && put.bytes === SIZE_BYTES;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
