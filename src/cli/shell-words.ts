/** Command lines of the shell, cut into commands and words. */

export type Words =
  | { readonly ok: true; readonly commands: readonly (readonly string[])[] }
  /** A quote that was opened and not closed. */
  | { readonly ok: false; readonly fault: string };

/**
 * Commands are separated by `;`, words by blanks. Quotes of either kind hold words together,
 * a backslash takes the next character as it is, `#` at the start of a word begins a comment.
 */
export function splitWords(line: string): Words {
  const commands: string[][] = [[]];
  let word: string | undefined;
  let quote = '';
  const endWord = (): void => {
    if (word !== undefined) commands.at(-1)?.push(word);
    word = undefined;
  };
  for (let i = 0; i < line.length; i += 1) {
    const character = line.charAt(i);
    if (character === '\\' && quote !== "'" && i + 1 < line.length) {
      i += 1;
      word = (word ?? '') + line.charAt(i);
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === ';') {
      endWord();
      commands.push([]);
    } else if (/\s/.test(character)) endWord();
    else if (character === '#' && word === undefined) break;
    else word = (word ?? '') + character;
  }
  if (quote !== '') return { ok: false, fault: `a ${quote} is missing at the end` };
  endWord();
  return { ok: true, commands: commands.filter((words) => words.length > 0) };
}
