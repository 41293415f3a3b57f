/**
 * The bench's client: what `lftp get` does between the first datagram and the verified file in its
 * place, in a process of its own. This file is both sides of it.
 */
import { dirname, basename } from 'node:path';
import { dial } from '../../service/dial.ts';
import type { Connected } from '../../service/dial.ts';
import { getFile, getRequest } from '../../service/client-get.ts';
import { createDownload } from '../../service/store-local.ts';
import { ERROR } from '../../wire/codes.ts';
import { Child, isProgram, serveParent, tellParent } from './child.ts';

interface Order {
  readonly port: number;
  /** Name in the served folder. */
  readonly name: string;
  /** Where it goes. */
  readonly target: string;
  /** The transfer is given up after this long. */
  readonly limitMs: number;
}

interface Progress {
  readonly kind: 'progress';
  readonly bytes: number;
  readonly ms: number;
}

export interface ClientReport {
  readonly kind: 'report';
  /** Of the file, arrived in order. */
  readonly bytes: number;
  readonly seconds: number;
  readonly isComplete: boolean;
  readonly cpuSeconds: number;
}

type Answer = Progress | ClientReport;

const PROGRESS_MS = 100;
/** Beyond the limit of the transfer, for the start of the process and its end. */
const GRACE_MS = 20_000;

/** The parent's side. */
export class ClientProcess {
  private readonly child = new Child<Answer>(import.meta.url, 'client');

  /** Fetches one file; the process stays, and its socket with it, until {@link end}. */
  async get(order: Order, onProgress: (bytes: number, ms: number) => void): Promise<ClientReport> {
    this.child.onNews = (news) => {
      if (news.kind === 'progress') onProgress(news.bytes, news.ms);
    };
    const isReport = (answer: Answer): answer is ClientReport => answer.kind === 'report';
    return await this.child.ask(order, isReport, order.limitMs + GRACE_MS);
  }

  async end(): Promise<void> {
    await this.child.end();
  }
}

/** The child's side. */
async function fetchOnce(order: Order): Promise<void> {
  const { limitMs } = order;
  const limit = new AbortController();
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const timer = setTimeout(() => limit.abort(new Error('cut off')), limitMs);
  let connected: Connected | undefined;
  const bytesSoFar = (): number => connected?.link.channel.stats().bytesDelivered ?? 0;
  const ticker = setInterval(() => {
    tellParent({ kind: 'progress', bytes: bytesSoFar(), ms: performance.now() - startMs });
  }, PROGRESS_MS);
  const reportOf = (bytes: number, endMs: number, isComplete: boolean): ClientReport => {
    const { user, system } = process.cpuUsage(cpuBefore);
    const seconds = (endMs - startMs) / 1000;
    return { kind: 'report', bytes, seconds, isComplete, cpuSeconds: (user + system) / 1e6 };
  };
  try {
    const cut = new Promise<ClientReport>((resolve) => {
      limit.signal.addEventListener('abort', () => {
        resolve(reportOf(bytesSoFar(), startMs + limitMs, false));
      });
    });
    const whole = fetchFile(order, limit.signal, (opened) => {
      connected = opened;
    }).then((bytes) => reportOf(bytes, performance.now(), true));
    // What the cut breaks is no news.
    whole.catch(() => undefined);
    tellParent(await Promise.race([cut, whole]));
  } finally {
    clearTimeout(timer);
    clearInterval(ticker);
  }
}

/** @returns the bytes of the file, which is verified and in its place */
async function fetchFile(
  { port, name, target, limitMs }: Order,
  signal: AbortSignal,
  onConnected: (connected: Connected) => void,
): Promise<number> {
  const path = [name];
  const connected = await dial({
    host: '127.0.0.1',
    port,
    // A dark link is no reason to give up: the limit is.
    config: { patienceMs: limitMs },
    firstRequest: getRequest(path),
    signal,
  });
  onConnected(connected);
  const { session } = connected;
  signal.addEventListener('abort', () => void session.abort(ERROR.CANCELLED));
  const place = { folder: dirname(target), name: basename(target), path: target };
  const result = await getFile(session, {
    path,
    openSink: (file) => createDownload(place, file, 'always', false),
    signal,
    observer: { onPhase: () => undefined },
  });
  return result.bytes;
}

if (isProgram(import.meta.url)) serveParent((order) => fetchOnce(order as Order));
