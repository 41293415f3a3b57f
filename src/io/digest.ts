/**
 * BLAKE3 of a stream of bytes, what `b3sum` prints.
 *
 * The native library hashes 6 GB/s in line; where it has no prebuilt binary, WebAssembly does
 * 0.8 GB/s. Either is loaded when the first digest is asked for, to keep the start short.
 */
import { createRequire } from 'node:module';
import type { Blake3Hasher } from '@napi-rs/blake-hash';

export const DIGEST_BYTES = 32;

export interface Digest {
  update(bytes: Uint8Array): void;
  /** The digest of the bytes so far, which may go on. */
  peek(): Uint8Array;
  /** The 32 bytes of the digest; ends the use of this object. */
  digest(): Uint8Array;
}

export type DigestFactory = () => Promise<Digest>;

/** What is used of the binary. */
interface Blake3Binding {
  readonly Blake3Hasher: typeof Blake3Hasher;
}

let chosen: Promise<DigestFactory> | undefined;

/** Starts a digest with the fastest implementation that loads here. */
export async function createDigest(): Promise<Digest> {
  chosen ??= loadNative().catch(() => loadWasm());
  const create = await chosen;
  return create();
}

/** @throws when there is no prebuilt binary for this machine */
export async function loadNative(): Promise<DigestFactory> {
  const binding: Blake3Binding = loadByPath() ?? (await import('@napi-rs/blake-hash'));
  return () => {
    const hasher = new binding.Blake3Hasher();
    return Promise.resolve({
      update: (bytes) => {
        hasher.update(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      },
      peek: () => new Uint8Array(hasher.digestBuffer()),
      digest: () => new Uint8Array(hasher.digestBuffer()),
    });
  };
}

/**
 * The binary for this Linux, by its path. The package's own JavaScript tells musl from glibc by a
 * diagnostic report, for which Node asks the name server about the peer of every open socket and
 * waits for the answer: five seconds where none answers.
 */
function loadByPath(): Blake3Binding | undefined {
  if (process.platform !== 'linux') return undefined;
  const require = createRequire(import.meta.url);
  for (const library of ['gnu', 'musl']) {
    try {
      const name = `@napi-rs/blake-hash-linux-${process.arch}-${library}`;
      return require(name) as Blake3Binding;
    } catch {
      continue;
    }
  }
  return undefined;
}

export async function loadWasm(): Promise<DigestFactory> {
  const { createBLAKE3 } = await import('hash-wasm');
  return async () => {
    const hasher = await createBLAKE3();
    hasher.init();
    return {
      update: (bytes) => {
        hasher.update(bytes);
      },
      peek: () => {
        const state = hasher.save();
        const digest = hasher.digest('binary');
        hasher.load(state);
        return digest;
      },
      digest: () => hasher.digest('binary'),
    };
  };
}
