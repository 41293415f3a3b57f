/**
 * BLAKE3 of a stream of bytes, what `b3sum` prints.
 *
 * The native library hashes 6 GB/s in line; where it has no prebuilt binary, WebAssembly does
 * 0.8 GB/s. Either is loaded when the first digest is asked for, to keep the start short.
 */

export const DIGEST_BYTES = 32;

export interface Digest {
  update(bytes: Uint8Array): void;
  /** The 32 bytes of the digest; ends the use of this object. */
  digest(): Uint8Array;
}

export type DigestFactory = () => Promise<Digest>;

let chosen: Promise<DigestFactory> | undefined;

/** Starts a digest with the fastest implementation that loads here. */
export async function createDigest(): Promise<Digest> {
  chosen ??= loadNative().catch(() => loadWasm());
  const create = await chosen;
  return create();
}

/** @throws when there is no prebuilt binary for this machine */
export async function loadNative(): Promise<DigestFactory> {
  const { Blake3Hasher } = await import('@napi-rs/blake-hash');
  return () => {
    const hasher = new Blake3Hasher();
    return Promise.resolve({
      update: (bytes) => {
        hasher.update(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      },
      digest: () => new Uint8Array(hasher.digestBuffer()),
    });
  };
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
      digest: () => hasher.digest('binary'),
    };
  };
}
