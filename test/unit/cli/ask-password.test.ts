import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askHidden, readNewPassword } from '../../../src/cli/ask-password.ts';
import type { PasswordSource } from '../../../src/cli/ask-password.ts';
import { EXIT, LftpError } from '../../../src/service/error.ts';

const CANARY = 'c4nary pässword';

/** A terminal that somebody types at, and all that it has shown. */
class Desk {
  readonly input = new PassThrough();
  readonly controller = new AbortController();
  shown = '';
  isRaw = false;
  readonly source: PasswordSource;

  constructor(isTerminal = true) {
    const input = Object.assign(this.input, {
      isTTY: isTerminal,
      setRawMode: (isRaw: boolean) => (this.isRaw = isRaw),
    });
    const screen = {
      isTTY: isTerminal,
      write: (text: string) => (this.shown += text),
    };
    const reason = new LftpError(EXIT.INTERRUPTED, 'local', 'interrupted');
    const onInterrupt = (): void => this.controller.abort(reason);
    this.source = { input, screen, signal: this.controller.signal, onInterrupt };
  }

  /** Each text is typed once its question is shown. */
  async type(...texts: readonly string[]): Promise<void> {
    for (const [index, text] of texts.entries()) {
      while (this.shown.split(': ').length < index + 2 || !this.isRaw) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.input.write(text);
    }
  }
}

const usage = expect.objectContaining({ code: EXIT.USAGE }) as Error;

describe('a password typed at a terminal', () => {
  it('is asked for twice and never shown', async () => {
    const desk = new Desk();
    const password = readNewPassword(desk.source, false);
    await desk.type(`${CANARY}\r`, `${CANARY}\r`);
    expect(await password).toBe(CANARY);
    expect(desk.shown).toBe('New password: \nThe same again: \n');
    expect(desk.isRaw).toBe(false);
  });

  it('is asked for again when the two differ, but not for ever', async () => {
    const desk = new Desk();
    const good = readNewPassword(desk.source, false);
    await desk.type('one\r', 'two\r', 'three\r', 'three\r');
    expect(await good).toBe('three');
    const other = new Desk();
    const bad = readNewPassword(other.source, false);
    bad.catch(() => undefined);
    await other.type('1\r', '2\r', '3\r', '4\r', '5\r', '6\r');
    await expect(bad).rejects.toThrow(usage);
  });

  it('is typed unseen from the moment that its question stands', async () => {
    const desk = new Desk();
    let wasRaw = false;
    const write = (text: string): void => {
      if (text === '? ') wasRaw = desk.isRaw;
    };
    const password = askHidden('? ', { ...desk.source, screen: { isTTY: true, write } });
    desk.input.write(`${CANARY}\r`);
    expect(await password).toBe(CANARY);
    expect(wasRaw).toBe(true);
  });

  it('can be corrected while it is typed', async () => {
    const desk = new Desk();
    const password = askHidden('? ', desk.source);
    desk.input.write('wrong\u0015ba\u007f');
    desk.input.write(Buffer.from('🙂').subarray(0, 2));
    desk.input.write(Buffer.from('🙂').subarray(2));
    desk.input.write('\bcd\nrest');
    expect(await password).toBe('bcd');
  });

  it('ends with Ctrl-C, Ctrl-D and a closed terminal, and leaves it as it was', async () => {
    for (const [letter, code] of [
      ['\u0003', EXIT.INTERRUPTED],
      ['\u0004', EXIT.USAGE],
    ] as const) {
      const desk = new Desk();
      const password = askHidden('? ', desk.source);
      desk.input.write(`half${letter}`);
      await expect(password).rejects.toMatchObject({ code });
      expect(desk.isRaw).toBe(false);
      expect(desk.input.listenerCount('data')).toBe(0);
    }
    const desk = new Desk();
    const password = askHidden('? ', desk.source);
    desk.input.end();
    await expect(password).rejects.toThrow(usage);
  });

  it('is not kept when it is far too long, and told without a word of it', async () => {
    const desk = new Desk();
    const password = readNewPassword(desk.source, false);
    password.catch(() => undefined);
    await desk.type(`${'canary'.repeat(10_000)}\r`);
    await expect(password).rejects.toThrow(/longer than 1024 bytes/);
    await expect(password).rejects.not.toThrow(/canary/);
  });

  it('is not asked for without a terminal', async () => {
    await expect(readNewPassword(new Desk(false).source, false)).rejects.toThrow(usage);
  });
});

describe('a password on standard input', () => {
  it.each([
    [`${CANARY}\n`, CANARY],
    [`${CANARY}\r\n`, CANARY],
    [CANARY, CANARY],
    [' spaces \n', ' spaces '],
  ])('%j is read', async (text, password) => {
    const desk = new Desk(false);
    desk.input.end(text);
    expect(await readNewPassword(desk.source, true)).toBe(password);
    expect(desk.shown).toBe('');
  });

  it.each(['', '\n', 'two\nlines\n', 'a\n\n', 'nul\0', 'x'.repeat(1025), 'x'.repeat(100_000)])(
    '%j is refused',
    async (text) => {
      const desk = new Desk(false);
      desk.input.end(text);
      await expect(readNewPassword(desk.source, true)).rejects.toThrow(usage);
    },
  );

  it('is UTF-8', async () => {
    const desk = new Desk(false);
    desk.input.end(Buffer.from([0x61, 0xff]));
    await expect(readNewPassword(desk.source, true)).rejects.toThrow(usage);
  });
});
