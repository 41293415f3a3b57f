/** One measured transfer over a link that is up, and the line it prints. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { doneEvent, runClient, startServer } from '../lab/lftp.ts';
import type { Lab } from '../lab/session.ts';
import { cell, filesEqual, megabits } from './row.ts';

export interface Measured {
  readonly megabits: number;
  readonly seconds: number;
  readonly wallSeconds: number;
  /** Both sides together. */
  readonly cpuSeconds: number;
  readonly clientPeakBytes: number;
  readonly serverPeakBytes: number;
  readonly retransmittedShare: number;
  /** Segments that came twice per segment of the file; of a `get` alone. */
  readonly duplicateShare: number;
  readonly controller: string;
  readonly isEqual: boolean;
}

/** About what a segment carries; only shares are made of it. */
const SEGMENT_BYTES = 1350;

export interface TransferPlan {
  readonly operation: 'get' | 'post';
  /** Folder that holds `file` and the folders `server` and `client`. */
  readonly folder: string;
  readonly fileName: string;
  readonly clientFlags?: readonly string[];
  readonly serverFlags?: readonly string[];
  /** Set for both sides. */
  readonly environment?: Record<string, string>;
}

/**
 * A fresh server on host B serves `folder/server`, a client on host A works in `folder/client`;
 * the source must lie where the operation reads it. What arrives is compared byte by byte.
 */
export async function measure(lab: Lab, plan: TransferPlan): Promise<Measured> {
  const { operation, folder, fileName } = plan;
  const remote = join(folder, 'server', fileName);
  const local = join(folder, 'client', fileName);
  const { environment = {} } = plan;
  const root = join(folder, 'server');
  const server = await startServer(lab.b, root, plan.serverFlags ?? [], [], environment);
  const target = server.url(fileName);
  const args = operation === 'get' ? ['get', target, local] : ['post', local, target];
  const run = await runClient(lab.a, [...args, ...(plan.clientFlags ?? [])], environment);
  const serverUsage = server.usage();
  await server.stop();
  const done = doneEvent(run);
  return {
    megabits: megabits(statSync(local).size, done.seconds),
    seconds: done.seconds,
    wallSeconds: run.wallSeconds,
    cpuSeconds: run.usage.cpuSeconds + serverUsage.cpuSeconds,
    clientPeakBytes: run.usage.peakMemoryBytes,
    serverPeakBytes: serverUsage.peakMemoryBytes,
    retransmittedShare: done.retransmittedShare,
    duplicateShare: ((done.duplicates ?? NaN) * SEGMENT_BYTES) / statSync(local).size,
    controller: done.controller ?? '',
    isEqual: filesEqual(remote, local),
  };
}

export const MEASURED_HEADING =
  'what               seconds    wall s    Mbit/s  CPU s both  client MB  server MB  resent %';

export function measuredLine(what: string, m: Measured): string {
  return (
    what.padEnd(16) +
    cell(m.seconds, 10, 3) +
    cell(m.wallSeconds, 10, 3) +
    cell(m.megabits, 10) +
    cell(m.cpuSeconds, 12, 2) +
    cell(m.clientPeakBytes / 1e6, 11) +
    cell(m.serverPeakBytes / 1e6, 11) +
    cell(m.retransmittedShare * 100, 10, 2) +
    (m.isEqual ? '' : '  FILE DIFFERS')
  );
}
