/** Shows a running transfer: a bar on a terminal, a plain line now and then elsewhere, events. */
import { displayText } from '../service/display.ts';
import type { ProgressStyle } from './flag-values.ts';
import type { Output } from './output.ts';
import type { MeterReading, TransferMeter } from './transfer-meter.ts';
import { formatBytes, formatClock, formatRate } from './units.ts';

export const BAR_INTERVAL_MS = 200;
export const PLAIN_INTERVAL_MS = 10_000;
export const EVENT_INTERVAL_MS = 1000;

export const ERASE_LINE = '\r\u001b[K';

/** The part of a terminal that a bar needs; its width may change while it is drawn. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export class Progress {
  private readonly meter: TransferMeter;
  private readonly output: Output;
  private readonly screen: Screen;
  private readonly path: string;
  private readonly style: 'bar' | 'plain' | 'none';
  private readonly timers: NodeJS.Timeout[] = [];
  private isDrawn = false;

  constructor(
    meter: TransferMeter,
    path: string,
    style: ProgressStyle,
    output: Output,
    screen: Screen,
  ) {
    this.meter = meter;
    this.path = path;
    this.output = output;
    this.screen = screen;
    this.style = chooseStyle(style, output, screen);
    if (this.style === 'bar') this.every(BAR_INTERVAL_MS, () => this.draw());
    if (this.style === 'plain') this.every(PLAIN_INTERVAL_MS, () => this.tell());
    if (output.options.json && style !== 'none') this.every(EVENT_INTERVAL_MS, () => this.emit());
  }

  /** Ends the display and leaves the line clean. */
  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
    if (this.isDrawn) this.screen.write(ERASE_LINE);
    this.isDrawn = false;
  }

  private every(intervalMs: number, act: () => void): void {
    this.timers.push(setInterval(act, intervalMs));
  }

  private draw(): void {
    const line = barLine(this.meter.read(), this.path, this.screen.columns ?? 80);
    this.screen.write(`${ERASE_LINE}${line}`);
    this.isDrawn = true;
  }

  private tell(): void {
    this.output.say(plainLine(this.meter.read(), this.path));
  }

  private emit(): void {
    const { phase, bytes, sizeBytes, bytesPerSecond, etaSeconds } = this.meter.read();
    this.output.event('progress', {
      op: this.meter.op,
      path: this.path,
      phase,
      bytes,
      size: sizeBytes,
      bytesPerSecond: Math.round(bytesPerSecond),
      etaSeconds: etaSeconds === undefined ? null : Math.ceil(etaSeconds),
    });
  }
}

export function chooseStyle(
  style: ProgressStyle,
  output: Output,
  screen: Screen,
): 'bar' | 'plain' | 'none' {
  if (output.options.quiet || !output.isForPeople) return 'none';
  if (style !== 'auto') return style;
  return screen.isTTY === true && process.env['TERM'] !== 'dumb' ? 'bar' : 'plain';
}

/** One line that fits into `columns`: what is least needed is left out first. */
export function barLine(reading: MeterReading, path: string, columns: number): string {
  const room = Math.max(columns - 1, 10);
  const { sizeBytes, bytes } = reading;
  const share = shareDone(reading);
  const percent = share === undefined ? '' : `${String(Math.floor(share * 100)).padStart(3)} %`;
  const amount = sizeBytes === null ? formatBytes(bytes) : amountOf(bytes, sizeBytes);
  const facts = `${percent} ${amount}  ${formatRate(reading.bytesPerSecond)}  ${timeLeft(reading)}`;
  const name = shorten(displayText(path), Math.max(room - facts.length - 16, 8));
  const barRoom = Math.min(room - name.length - facts.length - 4, 40);
  const bar = share === undefined || barRoom < 5 ? '' : `[${bars(share, barRoom)}]`;
  return [name, bar, facts.trim()]
    .filter((part) => part !== '')
    .join(' ')
    .slice(0, room);
}

export function plainLine(reading: MeterReading, path: string): string {
  const { bytes, sizeBytes, bytesPerSecond } = reading;
  const share = shareDone(reading);
  const percent = share === undefined ? '' : ` (${Math.floor(share * 100)} %)`;
  const amount = sizeBytes === null ? formatBytes(bytes) : amountOf(bytes, sizeBytes);
  const facts = `${amount}${percent}, ${formatRate(bytesPerSecond)}, ${timeLeft(reading)}`;
  return `${displayText(path)}: ${facts}`;
}

function shareDone({ bytes, sizeBytes }: MeterReading): number | undefined {
  if (sizeBytes === null) return undefined;
  return sizeBytes === 0 ? 1 : bytes / sizeBytes;
}

function timeLeft(reading: MeterReading): string {
  if (reading.phase === 'verify') return 'verifying';
  return `ETA ${formatClock(reading.etaSeconds)}`;
}

function amountOf(bytes: number, sizeBytes: number): string {
  return `${formatBytes(bytes)}/${formatBytes(sizeBytes)}`;
}

function bars(share: number, width: number): string {
  const full = Math.round(share * width);
  return '#'.repeat(full) + '-'.repeat(width - full);
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;
}
