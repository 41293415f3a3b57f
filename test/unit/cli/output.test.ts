import { describe, expect, it } from 'vitest';
import { Interrupts } from '../../../src/cli/interrupts.ts';
import { Output } from '../../../src/cli/output.ts';
import { barLine, plainLine } from '../../../src/cli/progress.ts';
import { TransferMeter } from '../../../src/cli/transfer-meter.ts';
import { EXIT, LftpError } from '../../../src/service/error.ts';
import type { TransferChannel } from '../../../src/service/transfer-channel.ts';

class Text {
  text = '';

  write(text: string): void {
    this.text += text;
  }
}

function makeOutput(options: Partial<Output['options']>) {
  const [stdout, stderr] = [new Text(), new Text()];
  const all = { json: false, quiet: false, verbose: 0, isStdoutTaken: false, ...options };
  return { output: new Output(all, stdout, stderr, () => 5000), stdout, stderr };
}

const error = new LftpError(EXIT.MISSING, 'remote', 'no such\u001b[31m file', { path: '/a' });

describe('output', () => {
  it('events go to standard output, words to standard error', () => {
    const { output, stdout, stderr } = makeOutput({ json: true });
    output.event('done', { bytes: 1 });
    output.say('done');
    output.detail('unwanted');
    output.show('shown');
    expect(stdout.text).toBe('{"v":1,"event":"done","t":5,"bytes":1}\n');
    expect(stderr.text).toBe('done\nshown\n');
  });

  it('events take the place of words while standard output carries a file', () => {
    const { output, stdout, stderr } = makeOutput({ json: true, isStdoutTaken: true });
    output.say('done');
    output.error(error);
    expect(stdout.text).toBe('');
    expect(JSON.parse(stderr.text)).toMatchObject({
      event: 'error',
      code: 4,
      name: 'missing',
      where: 'remote',
      path: '/a',
    });
  });

  it('an output beside a file keeps its taps, and leaves the first as it was', () => {
    const { output, stdout, stderr } = makeOutput({ json: true });
    const tapped: string[] = [];
    output.tap((event) => tapped.push(event));
    output.besideFile().event('done', {});
    output.event('status', {});
    expect(tapped).toEqual(['done', 'status']);
    expect(stdout.text).toBe('{"v":1,"event":"status","t":5}\n');
    expect(stderr.text).toBe('{"v":1,"event":"done","t":5}\n');
  });

  it('an error says what, where and the next step, and nothing a terminal acts on', () => {
    const { output, stdout, stderr } = makeOutput({ quiet: true });
    output.say('quiet');
    output.error(error);
    expect(stderr.text).toContain('lftp: /a: no such\\x1b[31m file (on the server)\n      Check');
    expect(stdout.text).toBe('');
    const closed = makeOutput({});
    closed.output.error(new LftpError(EXIT.STDOUT_CLOSED, 'local', 'closed'));
    expect(closed.stderr.text).toBe('');
  });

  it('every code has a next step', () => {
    for (const code of Object.values(EXIT)) {
      for (const where of ['local', 'remote'] as const) {
        const { output, stderr } = makeOutput({});
        output.error(new LftpError(code, where, 'x'));
        expect(stderr.text).not.toContain('undefined');
      }
    }
  });
});

describe('progress', () => {
  const reading = {
    phase: 'data',
    bytes: 50_000_000,
    sizeBytes: 100_000_000,
    bytesPerSecond: 5_000_000,
    etaSeconds: 10,
  } as const;

  it('a bar fits any width', () => {
    for (let columns = 5; columns < 200; columns += 1) {
      const line = barLine(reading, '/some/rather/long/path/to/a/file.bin', columns);
      expect(line.length).toBeLessThanOrEqual(Math.max(columns - 1, 10));
    }
    expect(barLine(reading, '/file', 100)).toContain('[####');
    expect(barLine(reading, '/file', 100)).toContain(
      ' 50 % 47.7 MiB/95.4 MiB  4.8 MiB/s  ETA 0:10',
    );
  });

  it('says what is known', () => {
    expect(plainLine(reading, '/f')).toBe('/f: 47.7 MiB/95.4 MiB (50 %), 4.8 MiB/s, ETA 0:10');
    const unknown = { ...reading, sizeBytes: null, etaSeconds: undefined };
    expect(plainLine(unknown, '/f')).toBe('/f: 47.7 MiB, 4.8 MiB/s, ETA --');
    expect(barLine(unknown, '/f', 80)).not.toContain('[');
    expect(plainLine({ ...reading, phase: 'verify' }, '/f')).toContain('verifying');
    expect(barLine({ ...reading, bytes: 0, sizeBytes: 0 }, '/f', 80)).toContain('100 %');
  });

  it('a meter follows the connection', () => {
    let delivered = 1000;
    let nowMs = 0;
    const channel = { stats: () => ({ bytesDelivered: delivered }) } as unknown as TransferChannel;
    const meter = new TransferMeter('get', channel, () => nowMs);
    expect(meter.read()).toMatchObject({ phase: 'request', bytes: 0, etaSeconds: undefined });
    meter.onPhase('data', 10_000);
    nowMs = 1000;
    delivered = 3000;
    expect(meter.read()).toEqual({
      phase: 'data',
      bytes: 2000,
      sizeBytes: 10_000,
      bytesPerSecond: 2000,
      etaSeconds: 4,
    });
    nowMs = 21_000;
    delivered = 9000;
    expect(meter.read()).toMatchObject({ bytes: 8000, bytesPerSecond: 300 });
    delivered = 99_999;
    expect(meter.read()).toMatchObject({ bytes: 10_000 });
  });
});

describe('interrupts', () => {
  it('the first ends in order, the second at once', () => {
    const exits: number[] = [];
    const interrupts = new Interrupts((code) => exits.push(code));
    interrupts.onInterrupt = () => true;
    interrupts.interrupt();
    expect(interrupts.signal.aborted).toBe(false);
    interrupts.onInterrupt = () => false;
    interrupts.interrupt();
    expect(interrupts.reason?.code).toBe(EXIT.INTERRUPTED);
    interrupts.onOutputError(Object.assign(new Error('closed'), { code: 'EPIPE' }));
    expect(exits).toEqual([]);
    interrupts.interrupt();
    expect(exits).toEqual([EXIT.INTERRUPTED]);
    expect(interrupts.reason?.code).toBe(EXIT.INTERRUPTED);
  });
});
