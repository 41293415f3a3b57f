/** A reading of one connection, put together from its parts. */
import { heldBytes } from './connection-rest.ts';
import type { ConnectionParts } from './connection-parts.ts';
import type { ConnectionState, ConnectionStats } from './types.ts';

export function readStats(parts: ConnectionParts, state: ConnectionState): ConnectionStats {
  const { rtt, path, recovery, window, counters, peerWindow } = parts;
  return {
    state,
    controller: path.controller.name,
    phase: path.controller.phase,
    srttMs: rtt.srttMs,
    rttvarMs: rtt.rttvarMs,
    minRttMs: rtt.minRttMs,
    rtoMs: recovery.rtoMs,
    cwndBytes: path.controller.cwndBytes,
    ssthreshBytes: path.controller.ssthreshBytes,
    flightSizeBytes: window.flightBytes,
    peerWindowSegments: peerWindow.roomSegments(
      window.sndNxt,
      window.bytesNumbered,
      parts.writer.maxPayloadBytes(parts.segmentBytes),
    ),
    segmentBytes: parts.segmentBytes,
    ...counters,
    bytesAcknowledged: window.bytesSettled,
    bytesDelivered: parts.inbox.deliveredBytes,
    fastRecoveries: recovery.episodes.fastRecoveries,
    timeouts: recovery.episodes.timeouts,
    tailLossProbes: recovery.counters.tailLossProbes,
    windowProbes: peerWindow.probesSent,
    windowLimits: peerWindow.limitedCount,
    receiveWindowBytes: parts.inbox.windowBytes,
    heldBytes: heldBytes(parts),
  };
}
