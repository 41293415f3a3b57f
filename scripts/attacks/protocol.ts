/** What the processes of a long attack tell each other. */

/** From the server, in answer to anything. */
export interface ServerReport {
  readonly port: number;
  readonly rssBytes: number;
  /** Highest since the report before. */
  readonly peakRssBytes: number;
  /** Objects on V8's heap, garbage that was not collected yet included. */
  readonly heapUsedBytes: number;
  readonly channels: number;
  readonly halfOpen: number;
  readonly cookiesAsked: number;
  readonly cookiesTaken: number;
  readonly accepted: number;
  readonly datagramsReceived: number;
  readonly datagramsSent: number;
}

/** From the client, in answer to anything. */
export interface ClientReport {
  readonly bytes: number;
  readonly atMs: number;
}
