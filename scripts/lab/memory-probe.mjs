// Preloaded with --expose-gc: at SIGWINCH, writes down what lives on the heap and beside it.
import { renameSync, writeFileSync } from 'node:fs';

const COLLECTIONS = 5;

process.on('SIGWINCH', () => {
  for (let i = 0; i < COLLECTIONS; i += 1) globalThis.gc?.();
  // Typed arrays are among what is external.
  const { heapUsed, external } = process.memoryUsage();
  const file = `${process.env.LAB_MEMORY_FILE}`;
  writeFileSync(`${file}.new`, String(heapUsed + external));
  renameSync(`${file}.new`, file);
});
