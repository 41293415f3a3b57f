/**
 * Datagrams that came while the receive buffer was full look like loss on the way, but are cured
 * on this machine: so they are told, with the command that helps.
 */
import type { ServiceLog } from './log.ts';

/** Longest silence about drops while clients come and go: the table of sockets may be long. */
const LOOK_EVERY_MS = 10_000;

/** What is asked of a socket. */
export interface BufferedSocket {
  readonly bufferAdvice: string | undefined;
  droppedByKernel(): number | undefined;
}

export class DropWatch {
  private readonly socket: BufferedSocket;
  private readonly log: ServiceLog;
  private lookedAtMs = -Infinity;
  private told = 0;

  constructor(socket: BufferedSocket, log: ServiceLog) {
    this.socket = socket;
    this.log = log;
  }

  /** Logs drops since the last line, if any; called whenever a client leaves. */
  look(nowMs: number): void {
    if (nowMs - this.lookedAtMs < LOOK_EVERY_MS) return;
    this.lookedAtMs = nowMs;
    const total = this.socket.droppedByKernel() ?? 0;
    if (total <= this.told) return;
    const fields = { dropped: total - this.told, total, advice: this.socket.bufferAdvice };
    this.told = total;
    this.log.warn(fields, 'receive buffer was full: datagrams dropped');
  }
}
