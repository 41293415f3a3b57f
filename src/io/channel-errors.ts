/** What the promises of a channel are rejected with. */
import type { CloseReason } from '../transport/types.ts';

/** The connection is over, and what was asked of it will not happen. */
export class ChannelClosed extends Error {
  readonly reason: CloseReason;

  constructor(reason: CloseReason) {
    super(`connection closed: ${describe(reason)}`);
    this.name = 'ChannelClosed';
    this.reason = reason;
  }
}

/** A file record that no message announced: nobody will ever read it. */
export class UnannouncedData extends Error {}

function describe(reason: CloseReason): string {
  switch (reason.kind) {
    case 'finished':
      return 'finished';
    case 'aborted':
      return `aborted by ${reason.by === 'local' ? 'this side' : 'the peer'}, code ${reason.code}`;
    case 'timedOut':
      return `timed out (${reason.phase})`;
    case 'untrusted':
      return 'the server has another key than the trusted one';
    case 'reset':
      return 'the server does not know the connection any more';
    case 'violation':
      return `protocol violation by ${reason.by}: ${reason.rule}`;
  }
}
