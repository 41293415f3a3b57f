/** Peak memory of both sides, as the kernel counts it (VmHWM). */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { doneEvent, runClient, startServer } from '../lab/lftp.ts';
import type { ClientRun } from '../lab/lftp.ts';
import { openLoopback } from '../lab/session.ts';
import { filesEqual, withFolder, writeRandomFile } from './row.ts';
import type { Print, Row } from './row.ts';
import { MEASURED_HEADING, measure, measuredLine } from './transfers.ts';

const BIG_BYTES = 2_000_000_000;
const SMALL_BYTES = 1_048_576;
const CLIENTS = 100;
const SIDE_LIMIT_MB = 150;
const CROWD_LIMIT_MB = 250;

function verdict(what: string, peakBytes: number, limitMb: number, print: Print): boolean {
  const met = peakBytes / 1e6 <= limitMb;
  print(
    `${what}: ${(peakBytes / 1e6).toFixed(1)} MB, at most ${limitMb}: ${met ? 'met' : 'MISSED'}`,
  );
  return met;
}

async function bigFile(operation: 'get' | 'post', print: Print): Promise<boolean> {
  return withFolder(async (folder) => {
    mkdirSync(join(folder, 'server'));
    mkdirSync(join(folder, 'client'));
    writeRandomFile(join(folder, operation === 'get' ? 'server' : 'client', 'big'), BIG_BYTES);
    const measured = await measure(openLoopback(), { operation, folder, fileName: 'big' });
    print(MEASURED_HEADING);
    print(measuredLine(`${operation} 2 GB`, measured));
    const client = verdict('client', measured.clientPeakBytes, SIDE_LIMIT_MB, print);
    const server = verdict('server', measured.serverPeakBytes, SIDE_LIMIT_MB, print);
    return client && server && measured.isEqual;
  });
}

async function crowd(print: Print): Promise<boolean> {
  return withFolder(async (folder) => {
    const source = join(folder, 'file');
    writeRandomFile(source, SMALL_BYTES);
    const host = openLoopback().a;
    const places = ['--max-clients', String(CLIENTS), '--max-clients-per-source', String(CLIENTS)];
    const server = await startServer(host, folder, places);
    const one = async (): Promise<ClientRun> => {
      const target = join(mkdtempSync(join(folder, 'client-')), 'file');
      const run = await runClient(host, ['get', server.url('file'), target]);
      doneEvent(run);
      if (!filesEqual(source, target)) throw new Error('a file differs');
      return run;
    };
    const runs = await Promise.all(Array.from({ length: CLIENTS }, one));
    const usage = server.usage();
    await server.stop();
    const slowest = Math.max(...runs.map((run) => run.wallSeconds));
    print(
      `${CLIENTS} clients at once, 1 MiB each: all equal, the last after ${slowest.toFixed(1)} s`,
    );
    print(`server: ${usage.cpuSeconds.toFixed(2)} s of CPU`);
    return verdict('server', usage.peakMemoryBytes, CROWD_LIMIT_MB, print);
  });
}

export const memory: Row = {
  name: 'memory',
  about: 'peak memory of both sides for a 2 GB file, and of the server with 100 clients',
  run: async (print) => {
    const get = await bigFile('get', print);
    const post = await bigFile('post', print);
    return (await crowd(print)) && get && post;
  },
};
