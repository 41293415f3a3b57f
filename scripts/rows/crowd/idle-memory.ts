/** What the server holds for each session at which nothing happens. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../../lab/lftp.ts';
import type { Server } from '../../lab/lftp.ts';
import { openLoopback } from '../../lab/session.ts';
import type { Host } from '../../lab/session.ts';
import { placesFor } from './places.ts';
import { Crowd, MAX_PROCESSES } from './crowd.ts';

const PROBE = './scripts/lab/memory-probe.mjs';
/** Sessions that come and go before, so that what is compiled and cached once is not counted. */
const WARM_SESSIONS = 64;
/** Every session hears its keep-alive in this time, and is at rest. */
const REST_MS = 22_000;
const SETTLE_MS = 3_000;
const LOOK_MS = 50;
const LOOKS = 200;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Bytes that live on its heap and beside it, after a collection. */
async function heldBytes({ pid }: Server, file: string): Promise<number> {
  process.kill(pid, 'SIGWINCH');
  for (let look = 0; look < LOOKS && !existsSync(file); look += 1) await sleep(LOOK_MS);
  const bytes = Number(readFileSync(file, 'utf8'));
  rmSync(file);
  return bytes;
}

/** `sessions` sessions less the same server with none, divided by their number. */
export async function idleBytes(root: string, sessions: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'lftp-memory-'));
  const file = join(folder, 'bytes');
  const host = openLoopback().a;
  const environment = { LAB_MEMORY_FILE: file };
  const probed: Host = {
    ...host,
    start: (command, args) => host.start(command, args, environment),
  };
  const node = ['--expose-gc', '--import', PROBE];
  const server = await startServer(probed, root, placesFor(sessions), node);
  try {
    const first = new Crowd(1);
    await first.open(host.address, server.port, WARM_SESSIONS);
    await first.close();
    await sleep(SETTLE_MS);
    const before = await heldBytes(server, file);
    const crowd = new Crowd(MAX_PROCESSES);
    await crowd.open(host.address, server.port, sessions);
    await sleep(REST_MS);
    const after = await heldBytes(server, file);
    await crowd.close();
    return (after - before) / sessions;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}
