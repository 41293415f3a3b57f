/** A server that sends every client an endless file at a given rate. Forked, told by messages. */
import type { Channel } from '../../src/io/channel.ts';
import { listen } from '../../src/io/listen.ts';
import type { ServerReport } from './protocol.ts';

const HOST = '127.0.0.1';
const STEP_MS = 5;
const SAMPLE_MS = 50;

let peakRssBytes = 0;

function sample(): void {
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
}

/** Owes the client `bytesPerMs` and pays a slab at a time. */
async function stream(channel: Channel, bytesPerMs: number): Promise<void> {
  const startMs = performance.now();
  for (let sent = 0; !channel.isClosed;) {
    if (sent > (performance.now() - startMs) * bytesPerMs) {
      // A rate is a matter of the clock.
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
      continue;
    }
    const slab = await channel.acquireSlab(16_384);
    await channel.sendData(slab, slab.bytes.length);
    sent += slab.bytes.length;
  }
}

async function main(): Promise<void> {
  const bytesPerMs = Number(process.argv[2]);
  const listener = await listen({
    host: HOST,
    port: 0,
    onChannel: (channel) => {
      // A client that leaves ends its stream, and nothing else.
      stream(channel, bytesPerMs).catch(() => undefined);
    },
  });
  setInterval(sample, SAMPLE_MS);
  process.on('message', () => {
    sample();
    const stats = listener.stats();
    const report: ServerReport = {
      port: listener.port,
      rssBytes: process.memoryUsage.rss(),
      peakRssBytes,
      heapUsedBytes: process.memoryUsage().heapUsed,
      channels: listener.channelCount,
      halfOpen: stats.halfOpen,
      cookiesAsked: stats.cookiesAsked,
      cookiesTaken: stats.cookiesTaken,
      accepted: stats.accepted,
      datagramsReceived: stats.datagramsReceived,
      datagramsSent: stats.datagramsSent,
    };
    peakRssBytes = 0;
    process.send?.(report);
  });
  process.send?.('ready');
}

await main();
