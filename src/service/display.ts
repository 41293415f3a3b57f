/** The one gate between a peer's words and a terminal or a message shown to a person. */
import { DISPLAY_MAX_LENGTH } from './limits.ts';

/**
 * Characters that a terminal may act on, or that make one text look like another: controls,
 * invisible and direction-changing letters, line and paragraph separators, halves of a pair.
 */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `text` with hostile characters written as `\u{…}` and cut to a bearable length. */
export function displayText(text: string, maxLength = DISPLAY_MAX_LENGTH): string {
  const safe = text.replace(HOSTILE, escaped);
  return safe.length <= maxLength ? safe : `${safe.slice(0, maxLength)}…`;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
