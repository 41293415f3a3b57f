/** The kinds of trouble that a seed may bring; each is off in about half of all seeds. */

export const FAULT_CLASSES = [
  'loss',
  'burst',
  'jitter',
  'reorder',
  'duplicate',
  'corrupt',
  'truncate',
  'extend',
  'queue',
  'mtu',
  'partition',
  'pause',
  'misdelivery',
  'slowReader',
  'cancel',
  'abort',
  'memory',
  'exit',
] as const;
export type FaultClass = (typeof FAULT_CLASSES)[number];

/** What is counted: every class, and special circumstances that must not go missing either. */
export const TALLIES = [
  ...FAULT_CLASSES,
  'duplicateLate',
  'partitionOneWay',
  'heavyLoss',
  'sealed',
  'nearWrap',
  'large',
  'zeroWindow',
] as const;
export type Tally = (typeof TALLIES)[number];
export type Tallies = Record<Tally, number>;

export function emptyTallies(): Tallies {
  return Object.fromEntries(TALLIES.map((name) => [name, 0])) as Tallies;
}
