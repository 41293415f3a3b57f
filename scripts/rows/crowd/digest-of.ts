/** BLAKE3 of a file, in hexadecimal. */
import { createReadStream } from 'node:fs';
import { createDigest } from '../../../src/io/digest.ts';

export async function digestOf(path: string): Promise<string> {
  const digest = await createDigest();
  for await (const bytes of createReadStream(path)) digest.update(bytes as Uint8Array);
  return Buffer.from(digest.digest()).toString('hex');
}
