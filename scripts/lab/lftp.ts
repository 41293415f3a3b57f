/** Runs the built program on a host of the lab and reads its JSON events. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Host, LabProcess } from './session.ts';

export const PROGRAM = 'dist/bin/lftp.js';
const PROBE = './scripts/lab/exit-probe.mjs';
const START_LIMIT_MS = 10_000;

export type LftpEvent = Readonly<Record<string, unknown>> & { readonly event: string };

export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
}

export interface Server {
  readonly port: number;
  readonly pid: number;
  /** `lftp://HOST:PORT/PATH;fp=F` for the IPv4 or IPv6 address that the client should call. */
  url(path: string, version?: 4 | 6): string;
  /** What the server has used so far, from /proc. */
  usage(): Usage;
  /** Ends the server in order and tells its exit code. */
  stop(): Promise<number | null>;
}

export interface ClientRun {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly events: readonly LftpEvent[];
  readonly errorText: string;
  readonly wallSeconds: number;
  readonly usage: Usage;
}

const TICKS_PER_SECOND = 100;

function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    peakMemoryBytes: Number(peak?.[1] ?? 0) * 1024,
  };
}

/** Memory that a process has resident now; bytes, 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function parseEvent(line: string): LftpEvent | undefined {
  try {
    return JSON.parse(line) as LftpEvent;
  } catch {
    return undefined;
  }
}

function collectText(process: LabProcess): () => string {
  let text = '';
  process.stderr.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-20_000);
  });
  return () => text;
}

/** Reads events until one of the wanted kind; the stream goes on flowing afterwards. */
function firstEvent(process: LabProcess, wanted: string, said: () => string): Promise<LftpEvent> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no '${wanted}' event in ${START_LIMIT_MS} ms: ${said()}`));
    }, START_LIMIT_MS);
    const lines = createInterface({ input: process.stdout });
    lines.on('line', (line) => {
      const event = parseEvent(line);
      if (event?.event !== wanted) return;
      clearTimeout(timer);
      resolve(event);
    });
    lines.on('close', () => {
      clearTimeout(timer);
      reject(new Error(`the server ended early: ${said()}`));
    });
  });
}

/**
 * `lftp serve ROOT` on `host`, writable for all, on a free port, under a key of its own.
 * @param node flags for Node itself
 */
export async function startServer(
  host: Host,
  root: string,
  flags: readonly string[] = [],
  node: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), 'lftp-data-'));
  const common = ['--port', '0', '--anonymous', 'rw', '--data', data, '--json'];
  const args = [...node, PROGRAM, 'serve', root, ...common, ...flags];
  const process = host.start('node', args, environment);
  process.on('exit', () => rmSync(data, { recursive: true, force: true }));
  const said = collectText(process);
  const exited = once(process, 'exit') as Promise<[number | null]>;
  const { port, fingerprint } = await firstEvent(process, 'listening', said);
  if (typeof port !== 'number') throw new Error('the listening event names no port');
  // A pinned server needs no known_hosts, so that clients leave nothing behind.
  const pin = typeof fingerprint === 'string' ? `;fp=${fingerprint}` : '';
  const name = (version: 4 | 6): string => (version === 4 ? host.address : `[${host.address6}]`);
  const pid = process.pid ?? 0;
  return {
    port,
    pid,
    url: (path, version = 4) => `lftp://${name(version)}:${port}/${path}${pin}`,
    usage: () => usageOf(pid),
    stop: async () => {
      process.kill('SIGTERM');
      return (await exited)[0];
    },
  };
}

/** `lftp ARGUMENTS --json` on `host`, to its end. */
export function runClient(
  host: Host,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<ClientRun> {
  return startClient(host, args, environment).ended;
}

/** A client under way: what it has told so far, and a way to end it. */
export interface RunningClient {
  readonly pid: number;
  readonly events: readonly LftpEvent[];
  readonly ended: Promise<ClientRun>;
  stop(): void;
}

/** Starts `lftp ARGUMENTS --json` on `host`. */
export function startClient(
  host: Host,
  args: readonly string[],
  environment: Record<string, string> = {},
): RunningClient {
  const folder = mkdtempSync(join(tmpdir(), 'lftp-probe-'));
  const probeFile = join(folder, 'usage.json');
  const startMs = performance.now();
  const process = host.start('node', ['--import', PROBE, PROGRAM, ...args, '--json'], {
    ...environment,
    LAB_PROBE_FILE: probeFile,
  });
  const said = collectText(process);
  const events: LftpEvent[] = [];
  createInterface({ input: process.stdout }).on('line', (line) => {
    const event = parseEvent(line);
    if (event !== undefined) events.push(event);
  });
  const finish = async (): Promise<ClientRun> => {
    const [code] = (await once(process, 'close')) as [number | null];
    const wallSeconds = (performance.now() - startMs) / 1000;
    const usage = readUsage(probeFile);
    rmSync(folder, { recursive: true });
    return { code, events, errorText: said(), wallSeconds, usage };
  };
  const pid = process.pid ?? 0;
  return { pid, events, ended: finish(), stop: () => process.kill('SIGTERM') };
}

/** A client that a signal ended leaves no usage behind. */
function readUsage(file: string): Usage {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Usage;
  } catch {
    return { cpuSeconds: NaN, peakMemoryBytes: NaN };
  }
}

/** The `done` event of a run that must have succeeded. */
export function doneEvent(run: ClientRun): {
  readonly seconds: number;
  readonly goodputMbps: number;
  readonly retransmittedShare: number;
  readonly bytes: number;
  readonly duplicates: number | null;
  readonly controller: string | null;
  readonly digest: string;
} {
  const done = run.events.find(({ event }) => event === 'done');
  if (run.code !== 0 || done === undefined) {
    throw new Error(`lftp ended with ${run.code ?? 'a signal'}: ${run.errorText}`);
  }
  return done as unknown as ReturnType<typeof doneEvent>;
}
