import { defineConfig } from 'vitest/config';

/**
 * Branch coverage of the protocol by the tests written for it: units, properties and the named
 * scenarios of the simulator. Seeded mass runs are left out: they would cover by luck what nobody
 * checks, and take minutes under instrumentation.
 */
export default defineConfig({
  test: {
    include: [
      'test/{unit/util,unit/wire,unit/crypto,unit/transport,property,regression,sim}/**/*.test.ts',
    ],
    exclude: ['test/sim/{transfers,sabotage,mass}*.test.ts'],
    pool: 'forks',
    execArgv: ['--expose-gc'],
    maxWorkers: 2,
    testTimeout: 120_000,
    coverage: {
      provider: 'v8',
      include: ['src/wire/**/*.ts', 'src/crypto/**/*.ts', 'src/transport/**/*.ts'],
      reportsDirectory: 'coverage',
      reporter: ['text', 'json-summary'],
      reportOnFailure: true,
      thresholds: {
        'src/wire/**': { branches: 90 },
        'src/crypto/**': { branches: 95 },
        'src/transport/**': { branches: 90 },
      },
    },
  },
});
