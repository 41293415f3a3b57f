/**
 * Puts the program together in `dist/bin`: some seventy files, of which a command loads a few,
 * start in three quarters of the processor time that two hundred take.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const FOLDER = 'dist/bin';

/** The program, and what it runs in threads and processes of their own. */
const ENTRIES = {
  lftp: 'bin/lftp.ts',
  'link-thread': 'src/cli/bench/link-thread.ts',
  'client-process': 'src/cli/bench/client-process.ts',
  'server-process': 'src/cli/bench/server-process.ts',
};

const bundle = await rolldown({
  input: ENTRIES,
  platform: 'node',
  // Packages stay what npm installs.
  external: (id) => !/^(\.|\/|bin\/|src\/)/.test(id),
});
const { output } = await bundle.write({
  dir: FOLDER,
  format: 'esm',
  chunkFileNames: '[name].js',
});
await bundle.close();
const written = new Set(output.map(({ fileName }) => fileName));
for (const name of readdirSync(FOLDER)) {
  if (!written.has(name)) rmSync(join(FOLDER, name), { recursive: true });
}
