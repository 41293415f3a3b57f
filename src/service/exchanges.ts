/** The requests of a client that are under way: what came for each waits until it is asked for. */
import type { LftpError } from './error.ts';
import type { Answer, DigestMessage, StoredAnswer } from './messages.ts';
import { brokenServer } from './remote-error.ts';
import { deferred } from './turns.ts';
import type { Deferred } from './turns.ts';

export interface Exchange {
  readonly id: number;
  readonly first: Promise<Answer>;
  /** The first answer that is neither `go` nor `stored`. */
  readonly last: Promise<Answer>;
  readonly digest: Promise<DigestMessage>;
  end(): void;
}

/** Hears what becomes of single files of a tree. */
export type OnStored = (answer: StoredAnswer) => void;

interface Waiting {
  readonly first: Deferred<Answer>;
  readonly last: Deferred<Answer>;
  readonly digest: Deferred<DigestMessage>;
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
    waiting.first.resolve(answer);
    if (answer.kind !== 'go') waiting.last.resolve(answer);
  }

  handleDigest(message: DigestMessage): void {
    this.waiting.get(message.id)?.digest.resolve(message);
  }

  /** Nothing more will come. */
  fail(error: LftpError): void {
    for (const { first, last, digest } of this.waiting.values()) {
      first.reject(error);
      last.reject(error);
      digest.reject(error);
    }
    this.waiting.clear();
  }
}
