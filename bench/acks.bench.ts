/**
 * The price of one acknowledgement by the number of segments in flight: it must stay flat.
 *
 * The first segment of the window never arrives, nor does its repetition, so `ack` stands still and
 * SACK spans the whole window; each acknowledgement newly tells two segments, as a real receiver
 * words it, and two new ones leave for them. Only reading and processing the ack block is timed.
 */
import { Bench, type FnReturnedObject } from 'tinybench';
import {
  ACK_BLOCK_FIXED_BYTES,
  AckBlock,
  MAX_SACK_WORDS,
  MAX_TMAP_WORDS,
  readAckBlock,
} from '../src/wire/ack-block.ts';
import { acknowledgementsOf } from './acks/receiver.ts';
import { BenchSender } from './acks/sender.ts';

const WINDOWS = [64, 1024, 16_384, 65_536];
const MAX_RATIO = 1.5;
/** Acknowledgements before the clock starts: the hole is found, repeated, and recovery entered. */
const UNTIMED = 4;
/** Acknowledgements between two refills of the window, and in one sample. */
const CHUNK = 4;
const SAMPLE = 24;
const LARGEST_BYTES = ACK_BLOCK_FIXED_BYTES + 4 * (MAX_TMAP_WORDS + MAX_SACK_WORDS);

const TURNS = 5;

export const bench = new Bench({ time: 400, warmupTime: 100 });

/** Goes through a window's acknowledgements again and again, a sample at a time. */
class Rounds {
  private readonly segments: number;
  private readonly blocks: readonly Uint8Array[];
  private readonly block = new AckBlock();
  private readonly datagrams = new Uint8Array(CHUNK * LARGEST_BYTES);
  private readonly lengths = new Uint16Array(CHUNK);
  private sender: BenchSender;
  private next = 0;

  constructor(segments: number) {
    this.segments = segments;
    this.blocks = acknowledgementsOf(segments);
    this.sender = this.begin();
  }

  private begin(): BenchSender {
    const sender = new BenchSender(this.segments);
    this.sender = sender;
    this.next = 0;
    for (let done = 0; done < UNTIMED; done += CHUNK) {
      this.receive();
      this.process();
    }
    return sender;
  }

  /** The next `CHUNK` acknowledgements arrive: like a datagram's, their bytes are warm. */
  private receive(): void {
    for (let i = 0; i < CHUNK; i += 1) {
      const bytes = this.blocks[this.next + i]!;
      this.datagrams.set(bytes, i * LARGEST_BYTES);
      this.lengths[i] = bytes.length;
    }
  }

  private process(): void {
    for (let i = 0; i < CHUNK; i += 1) {
      const start = i * LARGEST_BYTES;
      readAckBlock(this.datagrams, start, start + this.lengths[i]!, this.block);
      this.sender.handle(this.next + i, this.block);
    }
    this.next += CHUNK;
  }

  /** Time of one sample; ms. */
  sample(): number {
    if (this.next + SAMPLE > this.blocks.length) {
      this.sender.finish(2 * this.next);
      this.begin();
    }
    let elapsedMs = 0;
    for (let done = 0; done < SAMPLE; done += CHUNK) {
      this.sender.refill();
      this.receive();
      const startMs = bench.now();
      this.process();
      elapsedMs += bench.now() - startMs;
    }
    return elapsedMs;
  }
}

const all = WINDOWS.map((segments) => ({ segments, rounds: new Rounds(segments) }));
// In turns, so that a neighbour's burst of work does not fall on one window alone.
for (let turn = 1; turn <= TURNS; turn += 1) {
  for (const { segments, rounds } of all) {
    bench.add(`${segments} segments in flight, turn ${turn}`, (): FnReturnedObject => {
      const startMs = bench.now();
      const elapsedMs = rounds.sample();
      const overriddenIterationCost = bench.now() - startMs;
      return { overriddenDuration: elapsedMs / SAMPLE, overriddenIterationCost };
    });
  }
}

/** Least median of a window's turns: what the others have more is not its own; ns. */
function bestOf(done: Bench, segments: number): number {
  const medians = done.tasks
    .filter((task) => task.name.startsWith(`${segments} `))
    .map(({ result }) => (result.state === 'completed' ? result.latency.p50 * 1e6 : Infinity));
  return Math.min(...medians);
}

export function verdict(done: Bench): boolean {
  const costs = WINDOWS.map((segments) => bestOf(done, segments));
  WINDOWS.forEach((segments, i) => {
    const name = segments.toLocaleString('en').padStart(7);
    console.log(`${name} segments in flight: ${costs[i]!.toFixed(0)} ns per acknowledgement`);
  });
  const ratio = Math.max(...costs) / Math.min(...costs);
  console.log(`largest/smallest ${ratio.toFixed(2)}, at most ${MAX_RATIO}`);
  return ratio <= MAX_RATIO;
}
