import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextSource } from '../../../src/cli/text-source.ts';
import type { FileSource } from '../../../src/service/file-ends.ts';

/** A file of these bytes, read at most `most` at once. */
function fileOf(bytes: Uint8Array, most: number): FileSource {
  return {
    sizeBytes: bytes.length,
    mtimeMs: 5,
    mode: 0o640,
    concurrentReads: 4,
    read: (buffer, lengthBytes, position) => {
      const part = bytes.subarray(position, position + Math.min(lengthBytes, most));
      buffer.set(part);
      return Promise.resolve(part.length);
    },
    isUnchanged: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
}

async function sent(text: string, most: number, lengthBytes: number): Promise<string> {
  const source = new TextSource(fileOf(new TextEncoder().encode(text), most));
  const buffer = new Uint8Array(lengthBytes);
  let result = '';
  for (;;) {
    const length = await source.read(buffer, lengthBytes);
    if (length === 0) return result;
    result += Buffer.from(buffer.subarray(0, length)).toString('latin1');
  }
}

describe('a text that is sent', () => {
  it('has line feeds for line ends, and every other byte', async () => {
    expect(await sent('a\r\nb\n\r\r\nc\rd\r', 100, 100)).toBe('a\nb\n\r\nc\rd\r');
    const source = new TextSource(fileOf(new Uint8Array(3), 3));
    expect(source).toMatchObject({ sizeBytes: null, mtimeMs: 5, mode: 0o640, concurrentReads: 1 });
    expect(await source.isUnchanged()).toBe(true);
  });

  it('is the same however it is read', async () => {
    const text = fc.array(fc.constantFrom('\r', '\n', 'x'), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(text, fc.nat(6), fc.nat(6), async (letters, most, length) => {
        const whole = letters.join('');
        expect(await sent(whole, most + 1, length + 2)).toBe(whole.replaceAll('\r\n', '\n'));
      }),
    );
  });
});
