/** What a fuzz target is, and how it says that a property is broken. */

export interface Target {
  /** Throws when a property is broken; the same bytes always do the same. */
  readonly run: (bytes: Uint8Array) => void;
  /** Where mutation begins when there is no corpus. */
  readonly seeds: readonly Uint8Array[];
  /** Longer inputs are cut. */
  readonly maxBytes: number;
}

export class BrokenProperty extends Error {}

/** @throws BrokenProperty unless `holds` */
export function demand(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new BrokenProperty(typeof what === 'string' ? what : what());
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The input as text, whatever it holds. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** The input as UTF-16 units, so that halves of pairs occur too. */
export function unitsOf(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    text += String.fromCharCode(bytes[at]! * 256 + bytes[at + 1]!);
  }
  return text;
}
