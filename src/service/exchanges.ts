/** The requests of a client that are under way: what came for each waits until it is asked for. */
import type { LftpError } from './error.ts';
import type { Answer, DigestMessage, StoredAnswer } from './messages.ts';
import { brokenServer, remoteError } from './remote-error.ts';
import { deferred } from './turns.ts';
import type { Deferred } from './turns.ts';
import { MAX_CHUNKS_COMPARED } from './limits.ts';
import { ChunkPages } from './resume/chunk-pages.ts';
import type { ChunksMessage } from './resume/resume-messages.ts';

export interface Exchange {
  readonly id: number;
  readonly first: Promise<Answer>;
  /** The first answer that is neither `go` nor `stored`. */
  readonly last: Promise<Answer>;
  readonly digest: Promise<DigestMessage>;
  /** Digests of the chunks that the first answer announced. */
  readonly chunks: ChunkPages;
  end(): void;
}

/** Hears what becomes of single files of a tree. */
export type OnStored = (answer: StoredAnswer) => void;

interface Waiting {
  readonly first: Deferred<Answer>;
  readonly last: Deferred<Answer>;
  readonly digest: Deferred<DigestMessage>;
  readonly chunks: ChunkPages;
  onStored: OnStored | undefined;
}

export class Exchanges {
  private readonly waiting = new Map<number, Waiting>();
  /** Records that the server has said it sends. */
  announcedRecords = 0;

  get size(): number {
    return this.waiting.size;
  }

  /** Answers to `id` may come from here on. */
  expect(id: number): Waiting {
    const waiting: Waiting = {
      first: deferred(),
      last: deferred(),
      digest: deferred(),
      chunks: new ChunkPages(),
      onStored: undefined,
    };
    this.waiting.set(id, waiting);
    return waiting;
  }

  begin(id: number, onStored: OnStored | undefined): Exchange {
    const waiting = this.waiting.get(id) ?? this.expect(id);
    waiting.onStored = onStored;
    return {
      id,
      first: waiting.first.promise,
      last: waiting.last.promise,
      digest: waiting.digest.promise,
      chunks: waiting.chunks,
      end: () => this.waiting.delete(id),
    };
  }

  /** @throws LftpError 13 when single files are told of that were never sent */
  handleAnswer(answer: Answer): void {
    const waiting = this.waiting.get(answer.re);
    if (waiting === undefined) return;
    if (answer.kind === 'stored') {
      if (waiting.onStored === undefined) throw brokenServer('stored what was never sent');
      waiting.onStored(answer);
      return;
    }
    if (answer.kind === 'file' || answer.kind === 'tree') this.announcedRecords += 1;
    if (answer.kind === 'file' || answer.kind === 'go') {
      // P-RES-02: beyond that a server could have us keep as much as it likes.
      const { have = 0 } = answer;
      if (have > MAX_CHUNKS_COMPARED) throw brokenServer('more chunks than anybody asks for');
      waiting.chunks.expect(have);
    }
    if (answer.kind === 'error') waiting.chunks.fail(remoteError(answer.error, answer.message));
    waiting.first.resolve(answer);
    if (answer.kind !== 'go') waiting.last.resolve(answer);
  }

  handleDigest(message: DigestMessage): void {
    this.waiting.get(message.id)?.digest.resolve(message);
  }

  /** @throws LftpError 13 for digests that were not announced */
  handleChunks(message: ChunksMessage): void {
    this.waiting.get(message.id)?.chunks.add(message);
  }

  /** Nothing more will come. */
  fail(error: LftpError): void {
    for (const { first, last, digest, chunks } of this.waiting.values()) {
      first.reject(error);
      last.reject(error);
      digest.reject(error);
      chunks.fail(error);
    }
    this.waiting.clear();
  }
}
