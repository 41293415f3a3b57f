/** One seed told line by line: every segment on every way, and what the transport noted. */
import type { TraceRecord, TraceSink } from '../transport/trace.ts';
import { AckBlock, readAckBlock } from '../wire/ack-block.ts';
import { FLAG, WIRE_VERSION } from '../wire/codes.ts';
import { prettyPrint } from '../wire/pretty-print.ts';
import { SegmentView, decodeSegment } from '../wire/segment.ts';
import type { Simulation } from './build-world.ts';
import type { Way } from './host.ts';
import { type SeedOptions, type SeedResult, runSeed } from './run-seed.ts';
import type { World, WorldObserver } from './world.ts';

export interface Line {
  readonly atMs: number;
  /** 0 = the server, else the client's number. */
  readonly host: number;
  readonly text: string;
}

/** Replays a seed; every line goes to `write` as it happens. */
export function replaySeed(
  seed: number,
  write: (line: Line) => void,
  options: Pick<SeedOptions, 'controller'> = {},
): SeedResult {
  let world: World | undefined;
  const traceOf = (host: number): TraceSink => ({
    enabled: true,
    record: (atMs, connection, record) => {
      const text = describeRecord(record);
      if (text !== undefined) write({ atMs, host, text: `#${connection} ${text}` });
    },
  });
  const onBuilt = (simulation: Simulation): void => {
    world = simulation.world;
    world.observe(new Narrator(simulation, write));
  };
  return runSeed(seed, { ...options, traceOf, onBuilt });
}

/** Undefined for what the narrator tells anyway. */
function describeRecord(record: TraceRecord): string | undefined {
  switch (record.kind) {
    case 'sent':
    case 'received':
      return undefined;
    case 'dropped':
      return `dropped: ${record.reason}`;
    case 'congestion':
      return (
        `${record.phase} by ${record.cause}: cwnd ${record.cwndBytes} ` +
        `ssthresh ${record.ssthreshBytes} flight ${record.flightSizeBytes}`
      );
    case 'lost':
      return `segment ${record.seq} lost by ${record.by}`;
    case 'moved':
      return `the peer is at ${record.to} now`;
    case 'probe':
      return `${record.probe} probe`;
  }
}

class Narrator implements WorldObserver {
  private readonly view = new SegmentView();
  private readonly block = new AckBlock();
  private readonly isSealed: boolean;
  private readonly overheadBytes: number;
  private readonly write: (line: Line) => void;

  constructor(simulation: Simulation, write: (line: Line) => void) {
    this.isSealed = simulation.scenario.isSealed;
    this.overheadBytes = simulation.sealOverheadBytes;
    this.write = write;
  }

  onSent(nowMs: number, way: Way, datagram: Uint8Array): void {
    const text = `-> ${way.to.index}  ${this.print(datagram)}`;
    this.write({ atMs: nowMs, host: way.from.index, text });
  }

  onDelivered(nowMs: number, way: Way, datagram: Uint8Array): void {
    const text = `<- ${way.from.index}  ${this.print(datagram)}`;
    this.write({ atMs: nowMs, host: way.to.index, text });
  }

  private print(datagram: Uint8Array): string {
    const { view, block } = this;
    const end = datagram.length;
    const problem = decodeSegment(datagram, 0, end, !this.isSealed, WIRE_VERSION, view);
    if (problem !== undefined) return `${end} bytes: ${problem}`;
    const isAck = !view.has(FLAG.OP | FLAG.DAT | FLAG.CNT);
    const payloadEnd = view.payloadEnd - this.overheadBytes;
    const hasBlock = isAck && readAckBlock(datagram, view.payloadStart, payloadEnd, block);
    return prettyPrint(view, hasBlock ? block : undefined);
  }
}
