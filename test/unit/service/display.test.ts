import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayJson, displayLines, displayText } from '../../../src/service/display.ts';
import { pathText } from '../../../src/service/path.ts';

/** Everything that must never reach a terminal, told without the expression under test. */
function isHostile(text: string, mayBreakLines = false): boolean {
  return Array.from(text).some((character) => {
    const code = character.codePointAt(0)!;
    if (code === 0x0a) return !mayBreakLines;
    const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f);
    const isBidi =
      code === 0x061c ||
      code === 0x200e ||
      code === 0x200f ||
      (code >= 0x202a && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069);
    const isInvisible =
      code === 0xad || (code >= 0x200b && code <= 0x200d) || code === 0x2060 || code === 0xfeff;
    const isSeparator = code === 0x2028 || code === 0x2029;
    const isHalf = code >= 0xd800 && code <= 0xdfff;
    return isControl || isBidi || isInvisible || isSeparator || isHalf;
  });
}

/** Ordinary text mixed with much of what is dangerous, halves of pairs included. */
const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(
      fc.oneof(
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 0, max: 0xa0 }),
        fc.integer({ min: 0x2000, max: 0x206f }),
        fc.integer({ min: 0xd800, max: 0xdfff }),
      ),
      { maxLength: 60 },
    )
    .map((codes) => String.fromCharCode(...codes)),
);

describe('display', () => {
  it('writes out what a terminal would act on', () => {
    expect(displayText('a\u001b[31mb\n\u009b2J\u007f\u202e\u200b\ud800')).toBe(
      'a\\x1b[31mb\\x0a\\x9b2J\\x7f\\u{202e}\\u{200b}\\u{d800}',
    );
    expect(pathText(['a\u0007', 'b'])).toBe('/a\\x07/b');
  });

  it('leaves words of any language alone', () => {
    for (const text of ['größe 文件 🙂', 'שלום', 'नमस्ते', 'a\\b', '~!@#$%^&*()']) {
      expect(displayText(text)).toBe(text);
    }
  });

  it('cuts a long text, and never through a pair', () => {
    expect(displayText('x'.repeat(500))).toBe(`${'x'.repeat(400)}…`);
    expect(displayText('x'.repeat(400))).toBe('x'.repeat(400));
    expect(displayText(`${'x'.repeat(9)}🙂y`, 10)).toBe(`${'x'.repeat(9)}…`);
  });

  it('lets no hostile character out, whatever goes in', () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 1, max: 80 }), (text, maxLength) => {
        const shown = displayText(text, maxLength);
        expect(isHostile(shown)).toBe(false);
        expect(shown.length).toBeLessThanOrEqual(maxLength + 1);
        expect(displayText(shown, maxLength)).toBe(shown);
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps the lines of a text of ours, and nothing else that is hostile', () => {
    expect(displayLines('a\nb\u001b\r')).toBe('a\nb\\x1b\\x0d');
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(isHostile(displayLines(text), true)).toBe(false);
        expect(displayLines(displayLines(text))).toBe(displayLines(text));
      }),
    );
  });

  it('escapes JSON without a change to what it says', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const line = displayJson(JSON.stringify({ text }));
        expect(isHostile(line)).toBe(false);
        expect(JSON.parse(line)).toEqual({ text });
      }),
    );
  });
});
