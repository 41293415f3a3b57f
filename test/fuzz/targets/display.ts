/** The display sanitiser: no terminal acts on what it lets out, and twice is as good as once. */
import { displayJson, displayLines, displayText } from '../../../src/service/display.ts';
import { ByteReader } from '../byte-reader.ts';
import { bytesOf, demand, type Target, textOf, unitsOf } from '../target.ts';

/** Letters that move the cursor, hide, turn the direction, or are half of one. */
function isHostile(code: number): boolean {
  const ranges = [
    [0x00, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
    [0x61c, 0x61c],
    [0x200b, 0x200f],
    [0x2028, 0x202e],
    [0x2060, 0x206f],
    [0xd800, 0xdfff],
    [0xfeff, 0xfeff],
    [0xfff9, 0xfffb],
    [0xe0000, 0xe007f],
  ] as const;
  return ranges.some(([from, to]) => code >= from && code <= to);
}

function checkClean(text: string, allowed: number | undefined): void {
  for (const letter of text) {
    const code = letter.codePointAt(0)!;
    demand(code === allowed || !isHostile(code), () => `letter ${code.toString(16)} came through`);
  }
}

function check(text: string, maxLength: number): void {
  const shown = displayText(text, maxLength);
  checkClean(shown, undefined);
  demand(shown.length <= maxLength + 1, 'longer than allowed');
  demand(displayText(shown, maxLength + 1) === shown, 'a second pass changes it');
  const lines = displayLines(text);
  checkClean(lines, 10);
  demand(displayLines(lines) === lines, 'a second pass changes the lines');
  const json = displayJson(JSON.stringify({ text }));
  checkClean(json, undefined);
  demand((JSON.parse(json) as { text: string }).text === text, 'JSON with another value');
}

function run(bytes: Uint8Array): void {
  const reader = new ByteReader(bytes);
  const maxLength = reader.byte();
  const rest = reader.rest();
  check(textOf(rest), maxLength);
  check(unitsOf(rest), maxLength);
}

export const target: Target = {
  run,
  seeds: ['@hello', '\u0005\u001b[2J\u009b\u202e\u{e0041}', '\u00ff\ud83d\ude00'].map(bytesOf),
  maxBytes: 300,
};
