/** A link as a person describes it, and what it means for the two directions of the emulator. */
import { defaultQueueBytes } from '../../sim/goodput.ts';
import { IP_UDP_HEADER_BYTES } from '../../sim/link.ts';
import type { LinkOptions, Outage } from '../../sim/link.ts';
import { formatBitRate, formatDuration } from '../units.ts';

/** Bytes, or multiples of what the line carries in one round trip. */
export type Queue =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'products'; readonly products: number };

export interface LinkSpec {
  /** Line rate of either direction, headers of IP and UDP included; 0 = no limit. */
  readonly rateBitsPerSecond: number;
  readonly rttMs: number;
  /** Probability of loss on the way from the sender of the file. */
  readonly loss: number;
  /** Probability of loss on the way back; undefined = the same. */
  readonly ackLoss: number | undefined;
  /** Mean length of a run of losses; datagrams. */
  readonly burst: number;
  /** Extra delay of up to this, each way, in order. */
  readonly jitterMs: number;
  /** Share of datagrams that later ones overtake. */
  readonly reorder: number;
  /** Share of datagrams that come twice. */
  readonly duplicate: number;
  /** Undefined = the lab's: one product or 256 KiB, whichever is more. */
  readonly queue: Queue | undefined;
  /** From the first datagram on. */
  readonly outages: readonly Outage[];
}

export const PLAIN_LINK: LinkSpec = {
  rateBitsPerSecond: 100_000_000,
  rttMs: 20,
  loss: 0,
  ackLoss: undefined,
  burst: 1,
  jitterMs: 0,
  reorder: 0,
  duplicate: 0,
  queue: undefined,
  outages: [],
};

/** Bytes of an IP datagram that the link carries, as on every Ethernet. */
export const LINK_MTU_BYTES = 1500;

/** Less would hold no full datagram. */
const LEAST_QUEUE_BYTES = 3_000;

export function queueBytes({ rateBitsPerSecond, rttMs, queue }: LinkSpec): number {
  if (queue === undefined) return defaultQueueBytes(rateBitsPerSecond, rttMs);
  if (queue.kind === 'bytes') return queue.bytes;
  const productBytes = (rateBitsPerSecond / 8) * (rttMs / 1000);
  return Math.max(LEAST_QUEUE_BYTES, Math.round(queue.products * productBytes));
}

/** What the emulator does to the file's bytes, and to what the receiver answers. */
export function directions(spec: LinkSpec): {
  readonly data: Partial<LinkOptions>;
  readonly answers: Partial<LinkOptions>;
} {
  const data: Partial<LinkOptions> = {
    rateBitsPerSecond: spec.rateBitsPerSecond,
    delayMs: spec.rttMs / 2,
    loss: spec.loss,
    burst: spec.burst,
    jitterMs: spec.jitterMs,
    reorder: spec.reorder,
    duplicate: spec.duplicate,
    queueBytes: queueBytes(spec),
    outages: spec.outages,
    mtuBytes: LINK_MTU_BYTES - IP_UDP_HEADER_BYTES,
  };
  return { data, answers: { ...data, loss: spec.ackLoss ?? spec.loss } };
}

/** In one line: `155 Mbit/s, RTT 90 ms, loss 1 %, …`, without what the link does not do. */
export function describeLink(spec: LinkSpec): string {
  const { rateBitsPerSecond: rate, ackLoss, outages } = spec;
  const parts = [
    rate === 0 ? 'no rate limit' : formatBitRate(rate),
    `RTT ${formatDuration(spec.rttMs)}`,
    `loss ${percent(spec.loss)}`,
    ackLoss === undefined || ackLoss === spec.loss ? '' : `loss of answers ${percent(ackLoss)}`,
    spec.burst > 1 && spec.loss > 0 ? `in bursts of ${spec.burst}` : '',
    spec.jitterMs > 0 ? `jitter ${formatDuration(spec.jitterMs)}` : '',
    spec.reorder > 0 ? `reordering ${percent(spec.reorder)}` : '',
    spec.duplicate > 0 ? `duplication ${percent(spec.duplicate)}` : '',
    rate === 0 ? '' : `queue ${Math.round(queueBytes(spec) / 1000).toLocaleString('en')} kB`,
    ...outages.map(
      ({ fromMs, toMs }) => `dark ${formatDuration(toMs - fromMs)} at ${formatDuration(fromMs)}`,
    ),
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** `0 %`, `0.1 %`, `12.5 %`. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`;
}
