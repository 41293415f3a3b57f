/** Makes new inputs out of old ones: flips, numbers that matter, copies, cuts and splices. */
import type { Random } from '../../src/util/random.ts';

/** Ends of ranges, flags, versions, header lengths; as many bytes as they need. */
const NUMBERS = [
  0, 1, 2, 3, 4, 5, 7, 8, 16, 20, 24, 31, 32, 36, 40, 44, 60, 63, 64, 65, 127, 128, 129, 200, 252,
  253, 254, 255, 256, 511, 512, 1_023, 1_024, 1_199, 1_200, 1_400, 1_468, 1_500, 4_096, 16_383,
  16_384, 32_767, 32_768, 65_507, 65_535, 65_536, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe,
  0xffff_ffff,
];

const WORDS = [
  '../',
  '.lftp-udp',
  'lftp://',
  'lftp-x25519 ',
  'SHA256:',
  ' fp ',
  '[::1]',
  ';fp=',
  '%2f',
  '\u0000',
  '\u001b[2J',
  '\u202e',
  '\ud83d\ude00',
  '__proto__',
].map((word) => new TextEncoder().encode(word));

const MOST_STEPS = 6;

type Step = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

function insert(bytes: Uint8Array, at: number, piece: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + piece.length);
  longer.set(bytes.subarray(0, at));
  longer.set(piece, at);
  longer.set(bytes.subarray(at), at + piece.length);
  return longer;
}

function numberBytes(random: Random): Uint8Array {
  const value = NUMBERS[random.integer(0, NUMBERS.length - 1)]!;
  const least = value < 256 ? 1 : value < 65_536 ? 2 : 4;
  const size = Math.max(least, random.chance(0.5) ? least : random.integer(1, 4));
  return Uint8Array.from({ length: size }, (_, i) => value >>> Math.min(31, 8 * (size - 1 - i)));
}

function piece(bytes: Uint8Array, random: Random, most: number): Uint8Array {
  const length = random.integer(0, Math.min(most, bytes.length));
  const from = random.integer(0, bytes.length - length);
  return bytes.slice(from, from + length);
}

function overwrite(bytes: Uint8Array, random: Random, values: Uint8Array): Uint8Array {
  if (bytes.length < values.length) return insert(bytes, bytes.length, values);
  bytes.set(values, random.integer(0, bytes.length - values.length));
  return bytes;
}

const STEPS: readonly Step[] = [
  (bytes, random) => {
    if (bytes.length > 0) bytes[random.integer(0, bytes.length - 1)]! ^= 1 << random.integer(0, 7);
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length > 0) bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length > 0) bytes[random.integer(0, bytes.length - 1)]! += random.integer(-4, 4);
    return bytes;
  },
  (bytes, random) => overwrite(bytes, random, numberBytes(random)),
  (bytes, random) => insert(bytes, random.integer(0, bytes.length), numberBytes(random)),
  (bytes, random) => {
    const word = WORDS[random.integer(0, WORDS.length - 1)]!;
    return insert(bytes, random.integer(0, bytes.length), word);
  },
  (bytes, random) => insert(bytes, random.integer(0, bytes.length), piece(bytes, random, 32)),
  (bytes, random) => overwrite(bytes, random, piece(bytes, random, 16)),
  (bytes, random) => {
    const gone = piece(bytes, random, 32).length;
    const at = random.integer(0, bytes.length - gone);
    return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + gone));
  },
  (bytes, random, other) =>
    Uint8Array.of(
      ...bytes.subarray(0, random.integer(0, bytes.length)),
      ...other.subarray(random.integer(0, other.length)),
    ),
  (bytes, random, other) =>
    insert(bytes, random.integer(0, bytes.length), piece(other, random, 64)),
  (bytes, random) => {
    // Opcodes: small, some with the highest bit.
    const high = random.chance(0.3) ? 0x80 : 0;
    const codes = Uint8Array.from({ length: random.integer(1, 4) }, () => random.integer(0, 31));
    codes[0]! |= high;
    return insert(bytes, random.integer(0, bytes.length), codes);
  },
  (bytes, random) => {
    const fresh = Uint8Array.from({ length: random.integer(1, 12) }, () => random.integer(0, 255));
    return insert(bytes, random.integer(0, bytes.length), fresh);
  },
];

/** `bytes` after a few steps, spliced with `other` now and then; at most `maxBytes` long. */
export function mutate(
  bytes: Uint8Array,
  other: Uint8Array,
  random: Random,
  maxBytes: number,
): Uint8Array {
  let result: Uint8Array = bytes.slice();
  const steps = random.integer(1, MOST_STEPS);
  for (let i = 0; i < steps; i += 1) {
    result = STEPS[random.integer(0, STEPS.length - 1)]!(result, random, other);
  }
  return result.slice(0, maxBytes);
}
