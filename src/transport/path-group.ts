/**
 * A path group holds the congestion budget of everything that shares one path. It has one
 * connection today; parallel connections of one transfer will share one group.
 */
import type { ConnectionConfig, ControllerName } from './config.ts';
import type { CongestionController } from './congestion/controller.ts';
import { FOUNDING, NEWRENO, NewReno, type NewRenoSettings } from './congestion/newreno.ts';

const SETTINGS: Readonly<Record<ControllerName, NewRenoSettings>> = {
  newreno: NEWRENO,
  founding: FOUNDING,
};

export class PathGroup {
  controller: CongestionController;
  /** Bytes in flight of all members. */
  flightBytes = 0;
  /** Whether, when a member last had its turn to send, only the window said no. */
  isCwndLimited = false;

  private readonly config: ConnectionConfig;

  constructor(config: ConnectionConfig) {
    this.config = config;
    this.controller = this.fresh(config.segmentBytes);
  }

  /** Another path: what was learnt of the old one is forgotten. */
  reset(segmentBytes: number): void {
    this.controller = this.fresh(segmentBytes);
  }

  private fresh(segmentBytes: number): CongestionController {
    const { config } = this;
    const settings = SETTINGS[config.controller];
    const initialWindowSegments = config.initialWindowSegments ?? settings.initialWindowSegments;
    return new NewReno({ ...settings, initialWindowSegments }, segmentBytes);
  }

  /**
   * FlightSize for RFC 5681 (4): what the window was full of. Several acknowledgements may be taken
   * in before the next segment leaves, so `flightBytes` alone would be short by what they freed.
   */
  usedBytes(flightBytes: number): number {
    return this.isCwndLimited ? Math.max(flightBytes, this.controller.cwndBytes) : flightBytes;
  }

  /**
   * Whether `bytes` more may be in flight; a refusal is remembered as the window's doing.
   * An idle path always takes one segment, even one larger than a window that has shrunk.
   */
  mayStart(bytes: number): boolean {
    if (this.flightBytes === 0) return true;
    if (this.flightBytes + bytes <= this.controller.cwndBytes) return true;
    this.isCwndLimited = true;
    return false;
  }
}
