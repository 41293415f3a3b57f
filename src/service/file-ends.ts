/** The two ends of a transfer, as the network side sees them: where bytes come from and go to. */
import type { Mark } from './resume/running-digest.ts';

export interface FileSource {
  /** Bytes that will be read, or null when only the end tells. */
  readonly sizeBytes: number | null;
  /** Modification time, ms since 1970. */
  readonly mtimeMs: number;
  /** Permission bits, 0o777 at most. */
  readonly mode: number;
  /** Reads that may be under way at once: 1 for a stream. */
  readonly concurrentReads: number;
  /**
   * Reads at most `lengthBytes` into the start of `buffer`; 0 at the end.
   * @throws LftpError when reading fails
   */
  read(buffer: Uint8Array, lengthBytes: number, position: number): Promise<number>;
  /** False when the file is no longer what it was when it was opened. */
  isUnchanged(): Promise<boolean>;
  close(): Promise<void>;
}

export interface FileSink {
  /** Bytes worth waiting for before a write; 1 when whoever reads wants them at once. */
  readonly runBytes: number;
  /** @throws LftpError when writing fails */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /**
   * Makes the bytes before `mark` durable, and notes that they are. Absent: nothing is kept of a
   * file that is not finished.
   * @throws LftpError when flushing fails: no later call may be believed then
   */
  secure?(mark: Mark): Promise<void>;
  /** Lets go of the file, for a later transfer to go on with what was secured. Never rejects. */
  keep?(): Promise<void>;
  /**
   * Flushes, puts the file under its name and flushes that. Called once, after verification.
   * @param digest of the whole file
   */
  commit(digest?: Uint8Array): Promise<void>;
  /** Removes every trace. Never rejects; has no effect after `commit`. */
  discard(): Promise<void>;
}
