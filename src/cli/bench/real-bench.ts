/**
 * Runs in real time: a server, a client, and between them a link that is emulated in user space.
 *
 * Server and client are processes, because then each has a heap, an event loop and pool threads of
 * its own as in life, and the system tells what processor time each has used. The link is a thread
 * of this process, whose main thread has next to nothing to do meanwhile.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '../../service/store-file-system.ts';
import { requireSpace } from '../../service/store-space.ts';
import { localFileError } from '../../service/store-errors.ts';
import { SeededRandom } from '../../util/random.ts';
import { ClientProcess } from './client-process.ts';
import type { ClientReport } from './client-process.ts';
import { median } from './figures.ts';
import { directions } from './link-spec.ts';
import { LinkThread } from './link-thread.ts';
import type { LinkReport } from './link-thread.ts';
import type { Curve, RunOrder, RunResult, RunWatch, SenderCurves } from './run.ts';
import { ServerProcess } from './server-process.ts';
import type { ServerReport } from './server-process.ts';
import { wireBytes } from './simulated-run.ts';

const CONTENT_SEED = 1;
const CHUNK_BYTES = 1_048_576;

export class RealBench {
  private readonly folder: string;
  private readonly onExit = (): void => this.remove();

  private constructor(folder: string) {
    this.folder = folder;
    process.on('exit', this.onExit);
  }

  /**
   * Makes a folder with a file of each size.
   * @throws LftpError 11 when they do not fit, 14
   */
  static async open(sizesBytes: readonly number[], signal: AbortSignal): Promise<RealBench> {
    const sizes = [...new Set(sizesBytes)];
    const parent = tmpdir();
    let bench: RealBench;
    try {
      bench = new RealBench(mkdtempSync(join(parent, 'lftp-bench-')));
    } catch (error) {
      throw localFileError(error, parent);
    }
    try {
      const neededBytes = sizes.reduce((sum, size) => sum + size, Math.max(...sizes));
      await requireSpace(nodeFileSystem, parent, neededBytes, parent);
      await bench.fill(sizes, signal);
      return bench;
    } catch (error) {
      await bench.close();
      throw signal.aborted ? signal.reason : localFileError(error, bench.folder);
    }
  }

  /** @throws the signal's reason; what goes wrong at either end */
  async run(order: RunOrder, watch: RunWatch): Promise<RunResult> {
    const stage = new Stage();
    const onAbort = (): void => void stage.end();
    watch.signal.addEventListener('abort', onAbort);
    try {
      watch.signal.throwIfAborted();
      return await this.transfer(stage, order, watch);
    } catch (error) {
      throw watch.signal.aborted ? watch.signal.reason : error;
    } finally {
      watch.signal.removeEventListener('abort', onAbort);
      await stage.end();
      // What a cut run left there would take the room of the next.
      rmSync(this.clientFolder, { recursive: true, force: true });
    }
  }

  /** Takes the folder away. */
  close(): Promise<void> {
    process.off('exit', this.onExit);
    this.remove();
    return Promise.resolve();
  }

  private async transfer(stage: Stage, order: RunOrder, watch: RunWatch): Promise<RunResult> {
    const { link, controller, seed, sizeBytes, limitMs } = order;
    mkdirSync(this.clientFolder);
    const server = stage.add(await ServerProcess.start(this.rootFolder, controller));
    const thread = await LinkThread.start({ targetPort: server.port, ...directions(link), seed });
    stage.add({ end: () => thread.close() });
    const client = stage.add(new ClientProcess());
    const target = join(this.clientFolder, nameOf(sizeBytes));
    const wanted = { port: thread.port, name: nameOf(sizeBytes), target, limitMs };
    const received = await client.get(wanted, (bytes, ms) => watch.onProgress(bytes, ms));
    // While all sockets are open, so that the kernel still tells what it dropped.
    const carried = await thread.report();
    return resultOf(order, received, await server.report(), carried);
  }

  private get rootFolder(): string {
    return join(this.folder, 'root');
  }

  private get clientFolder(): string {
    return join(this.folder, 'client');
  }

  private async fill(sizesBytes: readonly number[], signal: AbortSignal): Promise<void> {
    mkdirSync(this.rootFolder);
    const random = new SeededRandom(CONTENT_SEED);
    for (const sizeBytes of sizesBytes) {
      const file = await open(join(this.rootFolder, nameOf(sizeBytes)), 'wx');
      try {
        for (let left = sizeBytes; left > 0; left -= CHUNK_BYTES) {
          signal.throwIfAborted();
          const words = Uint32Array.from({ length: CHUNK_BYTES / 4 }, () => random.uint32());
          await file.write(new Uint8Array(words.buffer, 0, Math.min(left, CHUNK_BYTES)));
        }
      } finally {
        await file.close();
      }
    }
  }

  private remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface Ending {
  end(): Promise<void>;
}

/** What runs for one transfer, and ends with it. */
class Stage {
  private readonly actors: Ending[] = [];
  private isOver = false;

  add<T extends Ending>(actor: T): T {
    this.actors.push(actor);
    // It was still being started when the curtain fell.
    if (this.isOver) void actor.end();
    return actor;
  }

  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.actors.map((actor) => actor.end()));
  }
}

function nameOf(sizeBytes: number): string {
  return `${sizeBytes}.bin`;
}

function resultOf(
  order: RunOrder,
  received: ClientReport,
  sender: ServerReport,
  carried: LinkReport,
): RunResult {
  const { stats } = sender;
  const curves = sinceStart(sender.curves, carried.firstAtMs ?? 0);
  return {
    order,
    bytes: received.bytes,
    seconds: received.seconds,
    isComplete: received.isComplete,
    segmentsSent: stats?.segmentsSent ?? 0,
    segmentsRetransmitted: stats?.segmentsRetransmitted ?? 0,
    timeouts: stats?.timeouts ?? 0,
    wireBytes: wireBytes(carried.data) + wireBytes(carried.answers),
    lostDatagrams: carried.data.losses + carried.data.outageDrops,
    queueDrops: carried.data.queueDrops,
    cpuSeconds: received.cpuSeconds + sender.cpuSeconds,
    srttMs: median(curves.srttMs.values),
    pictures: { curves, plots: carried.plots },
    emulator: carried.health,
  };
}

/** The curves with times since the first datagram. */
function sinceStart(curves: SenderCurves, startMs: number): SenderCurves {
  const moved = ({ ms, values }: Curve): Curve => ({ ms: ms.map((at) => at - startMs), values });
  return {
    cwndBytes: moved(curves.cwndBytes),
    ssthreshBytes: moved(curves.ssthreshBytes),
    flightSizeBytes: moved(curves.flightSizeBytes),
    srttMs: moved(curves.srttMs),
  };
}
