/** Unpacks a kept release, as `npm pack` made it, to where its imports find their packages. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BLOCK_BYTES = 512;
/** Inside the project, so that the release runs with the packages that are installed here. */
const UNPACKED = fileURLToPath(new URL('../../node_modules/.cache/releases', import.meta.url));

export interface Release {
  readonly version: string;
  /** Its program. */
  readonly program: string;
}

/** Versions whose archives are kept, oldest first. */
export function keptVersions(): readonly string[] {
  return readdirSync(join(HERE, 'releases'))
    .map((name) => /^lftp-udp-(.+)\.tgz$/.exec(name)?.[1])
    .filter((version) => version !== undefined)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

export function unpackRelease(version: string): Release {
  const folder = join(UNPACKED, version);
  rmSync(folder, { recursive: true, force: true });
  const archive = readFileSync(join(HERE, 'releases', `lftp-udp-${version}.tgz`));
  for (const { name, bytes } of entriesOf(gunzipSync(archive))) {
    const path = resolve(folder, name);
    if (!path.startsWith(folder + sep)) throw new Error(`the archive leaves its folder: ${name}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  return { version, program: join(folder, 'package', 'dist', 'bin', 'lftp.js') };
}

/** Regular files of a tar archive: a header of 512 bytes each, then the bytes, filled up to 512. */
function* entriesOf(tar: Uint8Array): Iterable<{ name: string; bytes: Uint8Array }> {
  const text = (at: number, length: number): string =>
    Buffer.from(tar.subarray(at, at + length))
      .toString('latin1')
      .replace(/\0.*$/s, '');
  for (let at = 0; at + BLOCK_BYTES <= tar.length && tar[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const start = at + BLOCK_BYTES;
    const prefix = text(at + 345, 155);
    const name = prefix === '' ? text(at, 100) : `${prefix}/${text(at, 100)}`;
    if (text(at + 156, 1) === '0') yield { name, bytes: tar.subarray(start, start + size) };
    at = start + BLOCK_BYTES * Math.ceil(size / BLOCK_BYTES);
  }
}
