/** A client that reads whatever the server sends, and tells how much that was. Forked. */
import { connect } from '../../src/io/connect.ts';
import type { ClientReport } from './protocol.ts';

async function main(): Promise<void> {
  const { channel } = await connect({ host: '127.0.0.1', port: Number(process.argv[2]) });
  let bytes = 0;
  process.on('message', () => {
    const report: ClientReport = { bytes, atMs: performance.now() };
    process.send?.(report);
  });
  process.send?.('ready');
  for (;;) {
    const run = await channel.nextRun(1);
    if (run === undefined) return;
    bytes += run.length;
    channel.releaseRun(run);
  }
}

await main();
