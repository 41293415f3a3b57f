/** The digests of chunks as they come, page by page, until all that were announced are here. */
import type { ChunksMessage } from './resume-messages.ts';
import { brokenServer } from '../remote-error.ts';
import { deferred } from '../turns.ts';

const DIGEST_BYTES = 32;

export class ChunkPages {
  private readonly pages: Uint8Array[] = [];
  private received = 0;
  private expected: number | undefined;
  private readonly done = deferred<Uint8Array>();

  /** 32 bytes for each chunk. */
  get all(): Promise<Uint8Array> {
    return this.done.promise;
  }

  /** @param count chunks whose digests the server has announced */
  expect(count: number): void {
    this.expected = count;
  }

  /** @throws LftpError 13 for pages that are out of order, or that nobody announced */
  add({ first, digests }: ChunksMessage): void {
    const count = digests.length / DIGEST_BYTES;
    if (first !== this.received || this.received + count > (this.expected ?? 0)) {
      throw brokenServer('digests of chunks that were not asked for');
    }
    this.pages.push(digests);
    this.received += count;
    if (this.received === this.expected) this.done.resolve(Buffer.concat(this.pages));
  }

  fail(error: unknown): void {
    this.done.reject(error);
  }
}
