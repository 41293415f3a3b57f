/**
 * A bad link as a process of its own, so that it disturbs neither end:
 * `node dist/scripts/relay.js --target-port 10000 --loss 0.01 --delay-ms 2`.
 * With `--move-every-ms 1000` the server sees each client at another port and 127.x address every
 * second; the one before goes on hearing for `--overlap-ms`, and then what comes there is lost.
 * Tells its port as one JSON line; ends with its standard input and tells then what it did.
 */
import { parseArgs } from 'node:util';
import { startRelay } from '../src/cli/relay.ts';
import type { LinkOptions } from '../src/sim/link.ts';

const { values } = parseArgs({
  options: {
    'target-address': { type: 'string', default: '127.0.0.1' },
    'target-port': { type: 'string', default: '10000' },
    port: { type: 'string', default: '0' },
    loss: { type: 'string', default: '0' },
    'delay-ms': { type: 'string', default: '0' },
    'rate-mbit': { type: 'string', default: '0' },
    reorder: { type: 'string', default: '0' },
    'hold-ms': { type: 'string', default: '1' },
    'move-every-ms': { type: 'string', default: '0' },
    'overlap-ms': { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
  },
});

const link: Partial<LinkOptions> = {
  loss: Number(values.loss),
  delayMs: Number(values['delay-ms']),
  rateBitsPerSecond: Number(values['rate-mbit']) * 1e6,
  reorder: Number(values.reorder),
  holdMs: Number(values['hold-ms']),
};

const everyMs = Number(values['move-every-ms']);

const relay = await startRelay({
  targetAddress: values['target-address'],
  targetPort: Number(values['target-port']),
  port: Number(values.port),
  forward: link,
  backward: link,
  seed: Number(values.seed),
  ...(everyMs > 0 ? { wandering: { everyMs, overlapMs: Number(values['overlap-ms']) } } : {}),
});
process.stdout.write(`${JSON.stringify({ port: relay.port })}\n`);

process.stdin.resume();
process.stdin.on('end', () => {
  process.stdout.write(`${JSON.stringify(relay.report())}\n`);
  void relay.close();
});
