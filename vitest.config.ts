import { defineConfig } from 'vitest/config';

/** Everything that needs no root, no namespaces and nothing beyond loopback: `npm test`. */
const PURE = 'test/unit/{util,wire,crypto,transport,sim}/**/*.test.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    execArgv: ['--expose-gc'],
    maxWorkers: 2,
    testTimeout: 60_000,
    // A test that never ran proves nothing.
    allowOnly: false,
    passWithNoTests: false,
    projects: [
      {
        extends: true,
        test: {
          // Many small files without state of their own: loading all once per process is enough.
          // What runs long is slower so: the compiler has seen too many kinds of everything.
          name: 'pure',
          include: [PURE],
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          // A process per file: leaks of heap, timers and descriptors are counted in one's own.
          name: 'real',
          include: ['test/**/*.test.ts'],
          exclude: [PURE, 'test/root/**'],
        },
      },
    ],
  },
});
