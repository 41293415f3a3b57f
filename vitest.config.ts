import { defineConfig } from 'vitest/config';

/** Everything that needs no root, no namespaces and nothing beyond loopback: `npm test`. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/root/**'],
    // A process per file: leak tests count heap, timers and descriptors of a process of their own.
    pool: 'forks',
    execArgv: ['--expose-gc'],
    maxWorkers: 2,
    testTimeout: 60_000,
    // A test that never ran proves nothing.
    allowOnly: false,
    passWithNoTests: false,
  },
});
