/** Lines typed at the terminal, kept for the next time; answers to questions are not among them. */
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Lines kept. */
export const HISTORY_LINES = 1000;

/** The newest first, as the line editor wants them; none if the file cannot be read. */
export async function readHistory(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-HISTORY_LINES)
    .reverse();
}

/** For its owner's eyes; a history that cannot be kept is no reason to fail. */
export async function writeHistory(path: string, newestFirst: readonly string[]): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'w', 0o600);
    try {
      await file.chmod(0o600);
      const lines = newestFirst.slice(0, HISTORY_LINES).reverse();
      await file.writeFile(lines.map((line) => `${line}\n`).join(''));
    } finally {
      await file.close();
    }
  } catch {
    // The next shell begins without it.
  }
}
