import { defineConfig } from 'vitest/config';

/** Tests over network namespaces: they need root and the programs named in CONTRIBUTING.md. */
export default defineConfig({
  test: {
    include: ['test/root/**/*.test.ts'],
    pool: 'forks',
    // One at a time: they measure, and share two cores with the emulated link.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    allowOnly: false,
    passWithNoTests: false,
  },
});
