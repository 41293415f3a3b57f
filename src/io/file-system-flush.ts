/**
 * Flushes a whole file system by one `syncfs` of the C library, which costs a group of small files
 * little more than one of them. Like the socket options it goes through koffi's binary, which is
 * optional: without it callers flush file by file.
 */
import { createRequire } from 'node:module';
import { release } from 'node:os';

/** Since 5.8 `syncfs` tells of pages that could not be written; before that it proves nothing. */
const TELLS_ERRORS_SINCE = [5, 8] as const;

type Done = (error: Error | null, result: number) => void;

interface Koffi {
  load(path: null): {
    func(declaration: string): { async(descriptor: number, done: Done): void };
  };
}

/** @throws when anything written to the file system could not be flushed */
export type FlushFileSystem = (descriptor: number) => Promise<void>;

let known: { readonly flush: FlushFileSystem | undefined } | undefined;

/** The call of this machine; undefined where there is none, or none that tells of failures. */
export function fileSystemFlush(): FlushFileSystem | undefined {
  known ??= { flush: load() };
  return known.flush;
}

function load(): FlushFileSystem | undefined {
  const { platform, arch } = process;
  if (platform !== 'linux' || !['x64', 'arm64'].includes(arch) || !tellsErrors()) return undefined;
  const require = createRequire(import.meta.url);
  // The first is for glibc; where that does not load, musl is what is left.
  for (const library of ['linux', 'musl']) {
    try {
      return bind(require(`@koromix/koffi-linux-${arch}/${library}_${arch}/koffi.node`) as Koffi);
    } catch {
      continue;
    }
  }
  return undefined;
}

function bind(koffi: Koffi): FlushFileSystem {
  const syncfs = koffi.load(null).func('int syncfs(int fd)');
  return (descriptor) =>
    new Promise((resolve, reject) => {
      // On a thread of its own: a slow disk holds nobody up.
      syncfs.async(descriptor, (error, result) => {
        if (error !== null) reject(error);
        else if (result === 0) resolve();
        else reject(Object.assign(new Error('the disk could not be flushed'), { code: 'EIO' }));
      });
    });
}

function tellsErrors(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const [since, sinceMinor] = TELLS_ERRORS_SINCE;
  return major > since || (major === since && minor >= sinceMinor);
}
