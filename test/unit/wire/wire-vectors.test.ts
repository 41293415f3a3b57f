/**
 * The golden vectors: what each kind of segment looks like, byte by byte. A change of the wire
 * shows as a changed file. `UPDATE_GOLDEN=1 npx vitest run test/unit/wire` writes it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  ACK_DELAY_UNIT_MS,
  AckBlock,
  readAckBlock,
  writeAckBlock,
} from '../../../src/wire/ack-block.ts';
import { FLAG, PARAMETER, WIRE_VERSION } from '../../../src/wire/codes.ts';
import { CHALLENGE_BYTES, COOKIE_BYTES, RESET_SEGMENT_BYTES } from '../../../src/wire/layout.ts';
import {
  defaultParameters,
  endParameters,
  type Parameters,
  putBytes,
  readParameters,
  writeFirstSegment,
  writeParameters,
} from '../../../src/wire/parameters.ts';
import { prettyPrint } from '../../../src/wire/pretty-print.ts';
import * as wire from '../../../src/wire/segment.ts';
import * as writing from '../../../src/wire/segment-write.ts';
import { allVectors } from './vectors.ts';

const FILE = fileURLToPath(new URL('../../golden/wire-vectors.txt', import.meta.url));

const HEAD = `# Segments of wire version ${WIRE_VERSION}, one of every kind: bytes, line, values.
# "sealed": the checksum covers header and options alone. "foreign": not as this program writes it.
`;

interface Decoded {
  readonly view: wire.SegmentView;
  readonly block: AckBlock | undefined;
  readonly parameters: Parameters | undefined;
}

function decode(bytes: Uint8Array, isSealed: boolean): Decoded {
  const view = new wire.SegmentView();
  const drop = wire.decodeSegment(bytes, 0, bytes.length, !isSealed, WIRE_VERSION, view);
  expect(drop).toBeUndefined();
  expect(view.payloadEnd).toBe(bytes.length);
  const { payloadStart, payloadEnd, payloadBytes } = view;
  let block: AckBlock | undefined;
  let parameters: Parameters | undefined;
  if (view.flags === FLAG.ACK && payloadBytes > 0) {
    block = new AckBlock();
    expect(readAckBlock(bytes, payloadStart, payloadEnd, block)).toBe(true);
  } else if (view.has(FLAG.CNT) && payloadBytes > 0 && bytes[payloadStart] !== PARAMETER.END) {
    parameters = defaultParameters();
    expect(readParameters(bytes, payloadStart, payloadEnd, parameters)).toBe(true);
  }
  return { view, block, parameters };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function words(values: Uint32Array, count: number): string {
  return [...values.subarray(0, count)].map((word) => word.toString(16)).join(',');
}

/** Lines of at most 64 digits. */
function hexLines(bytes: Uint8Array): string {
  return hexOf(bytes).replace(/.{1,64}/g, '    $&\n');
}

/** Everything about one decoded segment but its bytes. */
function valuesOf(bytes: Uint8Array, { view, block, parameters }: Decoded): string {
  const ports = `source ${view.sourcePort} destination ${view.destinationPort}`;
  const flags = `flags ${view.flags.toString(16)} error ${view.error} window ${view.window}`;
  let text = `  line    ${prettyPrint(view, block)}\n`;
  const numbers = `seq ${view.seq} ack ${view.ack} length ${view.payloadStart}`;
  text += `  header  ${ports} ${numbers} ${flags}\n`;
  const txn = view.hasTxn ? view.txn : 'none';
  const part = view.partTotal > 0 ? `${view.partOffset}/${view.partTotal}` : 'none';
  const challenge = view.challengeAt < 0 ? 'none' : view.isChallengeAnswer ? 'answer' : 'question';
  const told =
    `version ${view.speaksVersion} reset ${view.hasReset} ` +
    `cookie ${view.cookieAt >= 0} challenge ${challenge}`;
  text += `  options txn ${txn} part ${part} close ${view.closeStage} ${told}\n`;
  text += `  payload ${view.payloadBytes}\n`;
  if (block !== undefined) {
    const delay = Math.round(block.delayMs / ACK_DELAY_UNIT_MS);
    text += `  ack     echo ${block.echo} delay ${delay} credit ${block.credit}\n`;
    text += `  tmap    ${words(block.tmap, block.tmapWords)}\n`;
    text += `  sack    ${block.sackStart}: ${words(block.sack, block.sackWords)}\n`;
  }
  if (parameters !== undefined) {
    const { firstFlags, firstStart, firstEnd, ...rest } = parameters;
    for (const [name, value] of Object.entries(rest)) {
      const shown = value instanceof Uint8Array ? hexOf(value) : value;
      if (shown !== undefined) text += `  ${name} ${shown}\n`;
    }
    if (firstEnd > 0) {
      const payload = hexOf(bytes.subarray(firstStart, firstEnd));
      text += `  first   ${firstFlags.toString(16)}: ${payload}\n`;
    }
  }
  return text.replaceAll(/ +\n/g, '\n');
}

function textOf(title: string, bytes: Uint8Array): string {
  const isSealed = title.endsWith('sealed)');
  return `${title}\n${hexLines(bytes)}${valuesOf(bytes, decode(bytes, isSealed))}`;
}

/** Writes the decoded values again, by the writers of src/wire alone. */
function encode(source: Uint8Array, { view, block, parameters }: Decoded): Uint8Array {
  const bytes = new Uint8Array(source.length + 300).fill(0xdd);
  if (view.hasReset) {
    writing.writeHeader(bytes, 0, view, RESET_SEGMENT_BYTES);
    writing.writeReset(bytes, 0, source.subarray(view.resetAt, view.resetAt + 16));
    return bytes.slice(0, RESET_SEGMENT_BYTES);
  }
  writing.writeCommonOptions(bytes, 0, view.txn, view.payloadBytes);
  let headerLength = 32;
  if (view.partTotal > 0)
    headerLength = writing.writePart(bytes, 0, view.partOffset, view.partTotal);
  if (view.closeStage > 0) headerLength = writing.writeClose(bytes, 0, view.closeStage);
  if (view.speaksVersion) headerLength = writing.writeVersions(bytes, 0, [WIRE_VERSION]);
  if (view.cookieAt >= 0) {
    const cookie = source.subarray(view.cookieAt, view.cookieAt + COOKIE_BYTES);
    headerLength = writing.writeCookie(bytes, 0, headerLength, cookie);
  }
  if (view.challengeAt >= 0) {
    const value = source.subarray(view.challengeAt, view.challengeAt + CHALLENGE_BYTES);
    headerLength = writing.writeChallenge(bytes, 0, value, view.isChallengeAnswer);
  }
  writing.writeHeader(bytes, 0, view, headerLength);
  const end = headerLength + view.payloadBytes;
  if (block !== undefined) {
    expect(headerLength + writeAckBlock(bytes, headerLength, block)).toBe(end);
  } else if (view.challengeAt >= 0 && parameters?.resetToken !== undefined) {
    const next = putBytes(bytes, headerLength, PARAMETER.RESET_TOKEN, parameters.resetToken);
    endParameters(bytes, next);
  } else if (parameters !== undefined) {
    let next = writeParameters(bytes, headerLength, parameters);
    const { firstFlags, firstStart, firstEnd } = parameters;
    if (firstEnd > 0) {
      next = writeFirstSegment(bytes, next, firstFlags, source.subarray(firstStart, firstEnd));
    }
    bytes.fill(0, endParameters(bytes, next), end);
  } else bytes.set(source.subarray(view.payloadStart, view.payloadEnd), headerLength);
  return bytes.slice(0, end);
}

interface Entry {
  readonly title: string;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** The vectors of the file: a title, lines of hex, lines of values. */
function parse(file: string): Entry[] {
  const blocks = file.split('\n\n').slice(1);
  return blocks.map((block) => {
    const text = block.endsWith('\n') ? block : `${block}\n`;
    const hex = [...text.matchAll(/^ {4}([0-9a-f]+)$/gm)].map((match) => match[1]).join('');
    return {
      title: text.slice(0, text.indexOf('\n')),
      text,
      bytes: Uint8Array.from(Buffer.from(hex, 'hex')),
    };
  });
}

function goldenText(): string {
  const texts = allVectors().map(({ name, bytes, isForeign, isSealed }) => {
    const kind = isForeign ? ' (foreign)' : isSealed ? ' (sealed)' : '';
    return textOf(`${name}${kind}`, bytes);
  });
  return [HEAD, ...texts].join('\n');
}

describe('golden vectors', () => {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(FILE, goldenText());
  const golden = readFileSync(FILE, 'utf8');
  const entries = parse(golden);

  it('are what the program writes', () => {
    expect(goldenText()).toBe(golden);
    expect(entries.length).toBe(allVectors().length);
  });

  it.each(entries.map((entry) => [entry.title, entry] as const))('decode: %s', (title, entry) => {
    expect(textOf(title, entry.bytes)).toBe(entry.text);
  });

  const canonical = entries.filter(({ title }) => !title.endsWith(')'));
  it.each(canonical.map((entry) => [entry.title, entry] as const))('encode: %s', (_, entry) => {
    const again = encode(entry.bytes, decode(entry.bytes, false));
    writing.finishSegment(again, 0, again.length);
    expect(hexOf(again)).toBe(hexOf(entry.bytes));
  });

  it('encode: a sealed one, whose payload is no business of the checksum', () => {
    const { bytes } = entries.find(({ title }) => title.endsWith('(sealed)'))!;
    const again = encode(bytes, decode(bytes, true));
    writing.finishSegment(again, 0, 32);
    expect(hexOf(again)).toBe(hexOf(bytes));
  });

  it('P-OPEN-02 a SYN is 1,200 bytes, and no answer to it is longer', () => {
    const sizes = new Map(entries.map(({ title, bytes }) => [title, bytes.length]));
    expect(sizes.get('syn')).toBe(1200);
    expect(sizes.get('syn-ack')).toBeLessThan(1200);
    expect(sizes.get('syn-ack-busy')).toBeLessThan(1200);
  });

  it('P-HDR-06 no single flipped bit of any of them gets through', () => {
    const view = new wire.SegmentView();
    for (const { title, bytes } of entries) {
      const covered = title.endsWith('(sealed)') ? 32 : bytes.length;
      for (let bit = 0; bit < 8 * covered; bit += 1) {
        const flipped = bytes.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        const isCovered = covered === bytes.length;
        const drop = wire.decodeSegment(flipped, 0, bytes.length, isCovered, WIRE_VERSION, view);
        if (drop === undefined) expect.fail(`${title}: bit ${bit}`);
      }
    }
  });
});
