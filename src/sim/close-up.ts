/** Every event around the first loss of a transfer; plots of the whole show only its course. */

/** Events kept before the first loss, and from it on. */
const EVENTS_BEFORE = 2_000;
const EVENTS_AFTER = 6_000;

export type EventKind = 'sent' | 'sentAgain' | 'lost' | 'acknowledged';

interface Event {
  readonly ms: number;
  readonly segment: number;
  readonly kind: EventKind;
}

export class CloseUp {
  private events: Event[] = [];
  private left = Infinity;

  add(ms: number, segment: number, kind: EventKind): void {
    if (this.left === 0) return;
    this.events.push({ ms, segment, kind });
    if (this.left !== Infinity) this.left -= 1;
    else if (kind === 'lost') this.left = EVENTS_AFTER;
    else if (this.events.length >= 2 * EVENTS_BEFORE)
      this.events = this.events.slice(-EVENTS_BEFORE);
  }

  /** In the order in which they came; none while nothing was lost. */
  of(kind: EventKind): readonly Event[] {
    if (this.left === Infinity) return [];
    return this.events.filter((event) => event.kind === kind);
  }
}
