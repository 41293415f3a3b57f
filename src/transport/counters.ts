/** What one connection counts, from its first datagram to its last. */

import type { SegmentView } from '../wire/segment.ts';

export interface Counters {
  segmentsSent: number;
  segmentsRetransmitted: number;
  segmentsReceived: number;
  duplicatesReceived: number;
  /** Probes of the path's size (P-MTU-01). */
  sizeProbes: number;
  acksSent: number;
  acksReceived: number;
  datagramsSent: number;
  datagramsReceived: number;
  bytesSent: number;
  bytesReceived: number;
}

export function newCounters(): Counters {
  return {
    segmentsSent: 0,
    segmentsRetransmitted: 0,
    segmentsReceived: 0,
    duplicatesReceived: 0,
    sizeProbes: 0,
    acksSent: 0,
    acksReceived: 0,
    datagramsSent: 0,
    datagramsReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
  };
}

/** A segment of the peer that was authentic. */
export function countReceived(counters: Counters, segment: SegmentView): void {
  counters.datagramsReceived += 1;
  counters.bytesReceived += segment.payloadEnd - segment.headerStart;
}
