/** An operation as somebody typed it, for the curious and for tests of servers. */
import { encode } from 'cbor2/encoder';
import type { MakeRequest } from '../client-session.ts';
import { EXIT, LftpError } from '../error.ts';
import { decodeClientMessage } from '../messages.ts';
import type { Answer } from '../messages.ts';
import { OPERATIONS } from './operation-messages.ts';

/** Requests with one answer and no file. */
export const RAW_OPERATIONS: readonly string[] = [...OPERATIONS, 'ping', 'status', 'whoami'];

/** @throws LftpError 2 for what is no such request */
export function rawOperation(op: string, fields: Readonly<Record<string, unknown>>): MakeRequest {
  if (!RAW_OPERATIONS.includes(op)) {
    throw new LftpError(EXIT.USAGE, 'local', 'there is no such operation that moves no file', {
      hint: `Choose one of ${RAW_OPERATIONS.join(', ')}.`,
    });
  }
  const make: MakeRequest = (id) => {
    const decoded = decodeClientMessage(encode({ path: [], ...fields, op, id }));
    if (decoded.ok) return decoded.message;
    throw new LftpError(EXIT.USAGE, 'local', decoded.fault, {
      hint: 'docs/PROTOCOL.md lists the fields of each operation.',
    });
  };
  // What is wrong with it is told before anything is sent.
  make(0);
  return make;
}

/** An answer on one line; bytes in hexadecimal. */
export function rawAnswer(answer: Answer): string {
  return JSON.stringify(answer, (_name, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
}
