/** What the processes of a crowd of clients and the program that measures them tell each other. */

export type Order =
  /** Opens sessions, a few at a time. */
  | { readonly kind: 'open'; readonly host: string; readonly port: number; readonly count: number }
  /** Every session fetches one file, the n-th session the n-th of `names`, and over again. */
  | { readonly kind: 'get'; readonly names: readonly string[] }
  /** Closes the sessions and forgets them; others may be opened. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'count' }
  | { readonly kind: 'close' };

/** One file fetched. */
export interface Fetched {
  readonly name: string;
  /** BLAKE3 of what came, in hexadecimal; the server's own digest was the same. */
  readonly digest: string;
  readonly bytes: number;
  /** From the order to the end of the file. */
  readonly seconds: number;
}

export type Report =
  | { readonly kind: 'opened'; readonly count: number }
  | { readonly kind: 'fetched'; readonly files: readonly Fetched[] }
  /** File bytes that have come so far, of all sessions. */
  | { readonly kind: 'counted'; readonly bytes: number }
  | { readonly kind: 'left' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly reason: string };
