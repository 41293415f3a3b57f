/** What the processes of a long attack tell each other. */

/** From the server, in answer to anything. */
export interface ServerReport {
  readonly port: number;
  readonly rssBytes: number;
  /** Highest since the report before. */
  readonly peakRssBytes: number;
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
