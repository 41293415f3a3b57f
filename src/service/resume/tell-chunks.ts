/**
 * Reads the chunks that the other side may hold too, and hashes each of them and all of them
 * together, in one go: what is sent behind them goes on with the digest that this leaves.
 */
import { createDigest } from '../../io/digest.ts';
import type { Digest } from '../../io/digest.ts';
import { MAX_CHUNKS_TOLD } from '../limits.ts';
import { DIGEST_BYTES } from '../message-types.ts';
import type { TransferChannel } from '../transfer-channel.ts';
import { encodeMessage } from '../messages.ts';
import { chunkStart } from './chunks.ts';

/** What can be read at any place. */
export interface ReadableFile {
  /** Reads at most `lengthBytes` into the start of `buffer`; 0 at the end. */
  read(buffer: Uint8Array, lengthBytes: number, position: number): Promise<number>;
}

export interface ChunkReading {
  readonly file: ReadableFile;
  /** Chunks to read, from the first on. */
  readonly count: number;
  /** Of the whole file. */
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
}

/**
 * @param buffer what is read goes through it
 * @param onChunk called with the digest of each chunk, in order
 * @returns the digest of all that was read, unfinished; a file that ends early has fewer chunks
 */
export async function hashChunks(
  reading: ChunkReading,
  buffer: Uint8Array,
  onChunk: (digest: Uint8Array) => Promise<void> | void,
): Promise<Digest> {
  const { file, count, sizeBytes, signal } = reading;
  const whole = await createDigest();
  for (let chunk = 0; chunk < count; chunk += 1) {
    const own = await createDigest();
    const end = chunkStart(chunk + 1, sizeBytes);
    let position = chunkStart(chunk, sizeBytes);
    while (position < end) {
      signal.throwIfAborted();
      const got = await file.read(buffer, Math.min(buffer.length, end - position), position);
      if (got === 0) return whole;
      const bytes = buffer.subarray(0, got);
      own.update(bytes);
      whole.update(bytes);
      position += got;
    }
    await onChunk(own.digest());
  }
  return whole;
}

/** Digests of the chunks, 32 bytes each, and the digest of all of them, unfinished. */
export interface HashedChunks {
  readonly digests: Uint8Array;
  readonly whole: Digest;
}

/** The digests of the first chunks of our own file; zeros for those that it does not have. */
export async function ownChunks(reading: ChunkReading): Promise<HashedChunks> {
  const digests = new Uint8Array(reading.count * DIGEST_BYTES);
  let at = 0;
  const whole = await hashChunks(reading, new Uint8Array(262_144), (digest) => {
    digests.set(digest, at);
    at += DIGEST_BYTES;
  });
  return { digests, whole };
}

/**
 * Tells the other side the digests of the first chunks, in pages (P-RES-03).
 * @throws LftpError when reading fails; the channel's error; the signal's reason
 */
export async function tellChunks(
  channel: TransferChannel,
  id: number,
  reading: ChunkReading,
): Promise<Digest> {
  const slab = await channel.acquireSlab(262_144);
  const page = new Uint8Array(MAX_CHUNKS_TOLD * DIGEST_BYTES);
  let told = 0;
  let filled = 0;
  const tell = async (): Promise<void> => {
    const digests = page.slice(0, filled);
    await channel.sendMessage(encodeMessage({ op: 'chunks', id, first: told, digests }));
    told += filled / DIGEST_BYTES;
    filled = 0;
  };
  try {
    const whole = await hashChunks(reading, slab.bytes, async (digest) => {
      page.set(digest, filled);
      filled += DIGEST_BYTES;
      if (filled === page.length) await tell();
    });
    // What could not be read is told as a chunk that is like no other: it will be sent.
    while (told + filled / DIGEST_BYTES < reading.count) {
      page.fill(0, filled, filled + DIGEST_BYTES);
      filled += DIGEST_BYTES;
      if (filled === page.length) await tell();
    }
    if (filled > 0) await tell();
    return whole;
  } finally {
    channel.releaseSlab(slab);
  }
}
