#!/usr/bin/env node
import { createRequire } from 'node:module';

/** Commands whose start is felt, and their files. */
const QUICK = new Map([
  ['get', 'get'],
  ['post', 'post'],
  ['put', 'post'],
]);

/**
 * Some 200 files are loaded before the first datagram leaves. An import costs each of them
 * promises and turns of the thread pool, a tenth of a small `get` in all; what was required is
 * there at once.
 */
function loadAtOnce(command: string): void {
  if (!process.features.require_module) return;
  const require = createRequire(import.meta.url);
  require('../src/cli/main.js');
  const file = QUICK.get(command);
  if (file !== undefined) require(`../src/cli/commands/${file}.js`);
}

loadAtOnce(process.argv[2] ?? '');
const { main } = await import('../src/cli/main.ts');

process.exit(await main(process.argv.slice(2)));
