/** Many clients in one process, each with a socket and a session of its own. Forked, and told. */
import { setMaxListeners } from 'node:events';
import { dial, type Connected } from '../../../src/service/dial.ts';
import { getFile } from '../../../src/service/client-get.ts';
import type { FileSink } from '../../../src/service/file-ends.ts';
import { ERROR } from '../../../src/wire/codes.ts';
import type { Fetched, Order, Report } from './protocol.ts';

/** Sessions opened at a time; all processes together must stay below what one source may have. */
const OPENING_AT_ONCE = 4;
/** What `lftp get` waits for before it writes. */
const RUN_BYTES = 262_144;

const clients: Connected[] = [];
const stopped = new AbortController();
// Every session listens, and none of them leaks.
setMaxListeners(0, stopped.signal);
let receivedBytes = 0;

/** Counts and forgets: the digest is what says that the bytes are right. */
const SINK: FileSink = {
  runBytes: RUN_BYTES,
  write: (bytes) => {
    receivedBytes += bytes.length;
    return Promise.resolve();
  },
  commit: () => Promise.resolve(),
  discard: () => Promise.resolve(),
};

async function open(host: string, port: number, count: number): Promise<Report> {
  let left = count;
  const one = async (): Promise<void> => {
    for (; left > 0;) {
      left -= 1;
      clients.push(await dial({ host, port }));
    }
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, one));
  return { kind: 'opened', count: clients.length };
}

async function fetchOne({ session }: Connected, name: string, startMs: number): Promise<Fetched> {
  const result = await getFile(session, {
    path: [name],
    openSink: () => Promise.resolve(SINK),
    signal: stopped.signal,
    observer: { onPhase: () => undefined },
  });
  const seconds = (performance.now() - startMs) / 1000;
  return { name, digest: Buffer.from(result.digest).toString('hex'), bytes: result.bytes, seconds };
}

async function get(names: readonly string[]): Promise<Report> {
  const startMs = performance.now();
  const files = clients.map((client, index) =>
    fetchOne(client, names[index % names.length] ?? '', startMs),
  );
  return { kind: 'fetched', files: await Promise.all(files) };
}

async function leave(): Promise<Report> {
  const leaving = clients.splice(0);
  await Promise.all(leaving.map(({ session }) => session.abort(ERROR.CANCELLED)));
  for (const { link } of leaving) link.close();
  return { kind: 'left' };
}

async function close(): Promise<Report> {
  stopped.abort(new Error('the measurement is over'));
  await leave();
  return { kind: 'closed' };
}

function obey(order: Order): Promise<Report> {
  switch (order.kind) {
    case 'open':
      return open(order.host, order.port, order.count);
    case 'get':
      return get(order.names);
    case 'leave':
      return leave();
    case 'count':
      return Promise.resolve({ kind: 'counted', bytes: receivedBytes });
    case 'close':
      return close();
  }
}

process.on('message', (order: Order) => {
  obey(order)
    .catch((error: unknown): Report => ({ kind: 'failed', reason: String(error) }))
    .then(
      (report) => {
        // What was cut off by the end is no news.
        if (!stopped.signal.aborted || report.kind === 'closed') process.send?.(report);
        if (report.kind === 'closed') process.disconnect();
      },
      () => undefined,
    );
});
