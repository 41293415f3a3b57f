/** What one session of a source gets beside many of another, while the server is busy. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '../../lab/lftp.ts';
import { openLoopback } from '../../lab/session.ts';
import { Crowd } from './crowd.ts';
import { placesFor } from './places.ts';

/** Processes of the many, so that it is not their own that holds them back. */
const PROCESSES = 5;
/** A file with holes takes no room, and none of these sessions comes to its end. */
const NAME = 'endless';
const FILE_BYTES = 68_719_476_736;
const START_MS = 1_500;
const SPAN_MS = 3_000;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The lone session's part of all file bytes, 0 … 1. @param root what is served */
export async function lonelyShare(root: string, among: number): Promise<number> {
  writeFileSync(join(root, NAME), '');
  truncateSync(join(root, NAME), FILE_BYTES);
  const host = openLoopback().a;
  const server = await startServer(host, root, placesFor(among + 1));
  const [many, lone] = [new Crowd(PROCESSES), new Crowd(1)];
  try {
    await many.open(host.address, server.port, among);
    // The two addresses of this machine are two sources.
    await lone.open(host.address6, server.port, 1);
    many.begin(NAME);
    lone.begin(NAME);
    await sleep(START_MS);
    const before = await Promise.all([many.countBytes(), lone.countBytes()]);
    await sleep(SPAN_MS);
    const after = await Promise.all([many.countBytes(), lone.countBytes()]);
    const [manyBytes, loneBytes] = [after[0] - before[0], after[1] - before[1]];
    return loneBytes / (manyBytes + loneBytes);
  } finally {
    await Promise.all([many.close(), lone.close()]);
    await server.stop();
  }
}
