/** The stream of a tree: cut wherever it may be it reads the same, and so it does written again. */
import {
  CHUNK_HEAD_BYTES,
  encodeEntry,
  encodeFileEnd,
  MAX_TREE_TEXT_BYTES,
  putChunkHead,
} from '../../../src/service/tree/tree-entries.ts';
import { TreeDecoder } from '../../../src/service/tree/tree-decoder.ts';
import type { TreeEvent } from '../../../src/service/tree/tree-decoder.ts';
import { ByteReader } from '../byte-reader.ts';
import { bytesOf, demand, type Target } from '../target.ts';

/** An entry without content: two bytes, a name, the code of a failure and its text. */
const MOST_HELD_BYTES = 2 + 255 + 3 + MAX_TREE_TEXT_BYTES;
const DIGEST = new Uint8Array(32).fill(7);

/** Pieces of content that lie side by side are told as one. */
class Account {
  readonly events: TreeEvent[] = [];
  private readonly decoder = new TreeDecoder();

  get isWhole(): boolean {
    return this.decoder.isWhole;
  }

  push(bytes: Uint8Array): void {
    if (this.events.at(-1)?.kind === 'fault') return;
    this.decoder.push(bytes);
    for (let event; (event = this.decoder.next()) !== undefined;) {
      if (event.kind === 'content') this.addContent(event.bytes);
      else this.events.push(event);
      if (event.kind === 'fault') return;
    }
    demand(this.decoder.heldBytes <= MOST_HELD_BYTES, 'more is held than an entry without content');
    this.decoder.keepRest();
  }

  private addContent(bytes: Uint8Array): void {
    const last = this.events.at(-1);
    if (last?.kind !== 'content') {
      this.events.push({ kind: 'content', bytes: bytes.slice() });
      return;
    }
    const joined = Uint8Array.of(...last.bytes, ...bytes);
    this.events[this.events.length - 1] = { kind: 'content', bytes: joined };
  }
}

function writtenAgain(events: readonly TreeEvent[]): Uint8Array {
  const parts = events.map((event) => {
    switch (event.kind) {
      case 'content': {
        const chunk = new Uint8Array(CHUNK_HEAD_BYTES + event.bytes.length);
        putChunkHead(chunk, event.bytes.length);
        chunk.set(event.bytes, CHUNK_HEAD_BYTES);
        return chunk;
      }
      case 'fileEnd':
        return encodeFileEnd(event.code, event.code === 0 ? event.digest : undefined);
      case 'fault':
        return new Uint8Array();
      default:
        return encodeEntry(event);
    }
  });
  return new Uint8Array(Buffer.concat(parts));
}

const told = (events: readonly TreeEvent[]): string => JSON.stringify(events);

/** The first byte says how the others are cut. */
function run(input: Uint8Array): void {
  const reader = new ByteReader(input);
  const most = 1 + (reader.byte() % 64);
  const stream = reader.rest();
  const whole = new Account();
  whole.push(stream);
  const cut = new Account();
  for (let at = 0, length = 1; at < stream.length; at += length, length = 1 + ((7 * at) % most)) {
    cut.push(stream.slice(at, at + length));
  }
  demand(told(cut.events) === told(whole.events), 'cut it reads otherwise');
  demand(cut.isWhole === whole.isWhole, 'cut it ends otherwise');
  const read = whole.events.filter(({ kind }) => kind !== 'fault');
  const again = new Account();
  again.push(writtenAgain(read));
  demand(told(again.events) === told(read), 'written again it reads otherwise');
}

const times = { mode: 0o755, mtimeMs: 1_700_000_000_000.5 };
const content = bytesOf('what a file holds');
const good = writtenAgain([
  { kind: 'folder', name: 'sub', ...times },
  { kind: 'file', name: 'ä', sizeBytes: content.length, ...times },
  { kind: 'content', bytes: content },
  { kind: 'fileEnd', code: 0, digest: DIGEST },
  { kind: 'leftOut', name: 'link', why: 1 },
  { kind: 'failed', name: 'odd', code: 3, message: 'unreadable' },
  { kind: 'up' },
]);

export const target: Target = {
  run,
  seeds: [Uint8Array.of(0, ...good), Uint8Array.of(40, ...good, ...good)],
  maxBytes: 2_000,
};
