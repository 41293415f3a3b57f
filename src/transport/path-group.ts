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
  readonly controller: CongestionController;
  /** Bytes in flight of all members. */
  flightBytes = 0;
  /** Set when a member had something to send and only the window said no. */
  isCwndLimited = false;

  constructor(config: ConnectionConfig) {
    const settings = SETTINGS[config.controller];
    const initialWindowSegments = config.initialWindowSegments ?? settings.initialWindowSegments;
    this.controller = new NewReno({ ...settings, initialWindowSegments }, config.segmentBytes);
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
