/** A peer that owns the right keys and lies: it edits what it sends before it is sealed. */
import type { Handshake, MessageRange, Protection } from '../../src/transport/protection.ts';
import type { Sealer } from '../../src/transport/seal.ts';
import { FLAG } from '../../src/wire/codes.ts';
import { AT } from '../../src/wire/layout.ts';
import { putUint32, uint32 } from '../../src/wire/bytes.ts';

/** One edit of a segment that is about to be sealed. */
export interface Lie {
  readonly kind: number;
  readonly at: number;
  readonly value: number;
}

type Edit = (buffer: Uint8Array, header: number, from: number, to: number, lie: Lie) => void;

const EDITS: readonly Edit[] = [
  (buffer, header, from, _, { at, value }) => {
    // Any byte of header and options: whatever it says is sealed as authentic.
    buffer[header + (at % (from - header))]! ^= value;
  },
  (buffer, _, from, to, { at, value }) => {
    if (to > from) buffer[from + (at % (to - from))]! ^= value;
  },
  (buffer, header, _, _to, { value }) => {
    buffer[header + AT.FLAGS] = value;
  },
  (buffer, header, _, _to, { value }) => {
    putUint32(buffer, header + AT.ACK, uint32(buffer, header + AT.ACK) + value - 8);
  },
  (buffer, header, _, _to, { value }) => {
    putUint32(buffer, header + AT.SEQ, uint32(buffer, header + AT.SEQ) + value - 8);
  },
  (buffer, header, _, _to, { at, value }) => {
    buffer.fill(value, header + AT.WINDOW, header + AT.WINDOW + 1 + (at % 3));
  },
  (buffer, _, from, to, { at, value }) => {
    buffer.fill(value, from + (to > from ? at % (to - from) : 0), to);
  },
  (buffer, header, _, _to, { value }) => {
    buffer[header + AT.FLAGS]! ^= value % 2 === 0 ? FLAG.END : FLAG.OP | FLAG.DAT;
  },
];

export class Lies {
  private readonly waiting: Lie[] = [];

  push(lie: Lie): void {
    if (this.waiting.length < 8) this.waiting.push(lie);
  }

  /** Edits the segment, if a lie waits: one segment, one lie. */
  tell(buffer: Uint8Array, header: number, from: number, to: number): void {
    const lie = this.waiting.shift();
    if (lie !== undefined) EDITS[lie.kind % EDITS.length]!(buffer, header, from, to, lie);
  }

  /** The same for a handshake message; edits of the payload meet its content `[from … to)`. */
  tellMessage(buffer: Uint8Array, header: number, end: number, from: number, to: number): void {
    const lie = this.waiting.shift();
    if (lie === undefined) return;
    const isHeader = lie.kind % EDITS.length === 0;
    EDITS[lie.kind % EDITS.length]!(buffer, header, isHeader ? end : from, to, lie);
  }
}

function lyingSealer(sealer: Sealer, lies: Lies): Sealer {
  return {
    name: sealer.name,
    overheadBytes: sealer.overheadBytes,
    checksumCoversPayload: sealer.checksumCoversPayload,
    seal: (buffer, header, from, to, txn) => {
      lies.tell(buffer, header, from, to);
      sealer.seal(buffer, header, from, to, txn);
    },
    open: (buffer, header, from, to, txn) => sealer.open(buffer, header, from, to, txn),
  };
}

/** `inner`, but what it writes and seals is edited by `lies`. */
export function lyingProtection(inner: Protection, lies: Lies): Protection {
  return { ...inner, begin: (isInitiator) => lyingHandshake(inner.begin(isInitiator), lies) };
}

function lyingHandshake(inner: Handshake, lies: Lies): Handshake {
  let sealer = lyingSealer(inner.sealer, lies);
  let known = inner.sealer;
  return {
    overheadBytes: inner.overheadBytes,
    get sealer() {
      if (known !== inner.sealer) sealer = lyingSealer(inner.sealer, lies);
      known = inner.sealer;
      return sealer;
    },
    get identity() {
      return inner.identity;
    },
    before: (n) => inner.before(n),
    after: (n) => inner.after(n),
    write: (n, message: MessageRange, txn) => {
      const { buffer, headerStart, payloadStart, payloadEnd } = message;
      const from = payloadStart + inner.before(n);
      const to = payloadEnd - inner.after(n);
      const headerLength = buffer[headerStart + AT.HEADER_LENGTH]!;
      // Header and content only: between them stand the keys, which the handshake writes itself.
      lies.tellMessage(buffer, headerStart, payloadStart, from, to);
      buffer[headerStart + AT.HEADER_LENGTH] = headerLength;
      inner.write(n, message, txn);
    },
    read: (n, message, txn) => inner.read(n, message, txn),
    wipe: () => inner.wipe(),
  };
}
