/**
 * The one gate between a peer's words and a terminal or a message shown to a person.
 *
 * What comes out holds nothing that a terminal acts on. A second pass changes nothing, so a text
 * may pass the gate where it arrives and once more where it is printed. A backslash stays as it
 * is: the result is there to be read and never to be turned back into a name.
 */
import { DISPLAY_MAX_LENGTH } from './limits.ts';

/**
 * Characters that a terminal may act on, or that make one text look like another: controls,
 * invisible and direction-changing letters, line and paragraph separators, halves of a pair.
 */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** The same, apart from the line feed that separates lines of our own. */
const HOSTILE_IN_LINES = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** `text` with hostile characters written as `\x1b` or `\u{202e}`, cut to a bearable length. */
export function displayText(text: string, maxLength = DISPLAY_MAX_LENGTH): string {
  // What lies this far out is cut off anyway: a long text costs no more than a short one.
  const safe = text.slice(0, maxLength + 1).replace(HOSTILE, escaped);
  if (safe.length <= maxLength) return safe;
  // Half a pair at the end would be hostile again.
  return `${safe.slice(0, maxLength).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The last gate before a terminal, for whole lines of our own that quote others. */
export function displayLines(text: string): string {
  return text.replace(HOSTILE_IN_LINES, escaped);
}

/** Lines of JSON that no terminal acts on; whoever parses them gets the very values. */
export function displayJson(json: string): string {
  return json.replace(HOSTILE_IN_LINES, (character) =>
    Array.from({ length: character.length }, (_, index) => unit(character, index)).join(''),
  );
}

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
}

function unit(character: string, index: number): string {
  return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
}
