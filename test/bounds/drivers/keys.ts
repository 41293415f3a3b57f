/** How long a key serves, and what is kept of the numbers that were left out for the next one. */
import { EPOCH_TXNS, KEY_LIFETIME_MS } from '../../../src/crypto/segment-keys.ts';
import { PASS_THROUGH } from '../../../src/transport/seal.ts';
import { NEVER_SENT, LONG_AGO, TxnShifts } from '../../../src/transport/txn-shifts.ts';
import { accepted } from '../../unit/transport/player.ts';
import { text } from '../../unit/transport/segments.ts';
import { type Driver, fillEdge, fillTable } from '../fill.ts';

/** Whether a segment that leaves when the key is `ageMs` old is still of the first epoch. */
function isOldKeyUsed(ageMs: number): boolean {
  const keys = {
    epochTxns: EPOCH_TXNS,
    lifetimeMs: KEY_LIFETIME_MS,
    jumpTxn: () => EPOCH_TXNS,
    isWorn: () => false,
  };
  const sealer = { ...PASS_THROUGH, keys };
  const { station, player, connection } = accepted({ sealer }, { patienceMs: 0 });
  connection.sendMessage(text('x'));
  station.drain();
  player.feed(player.acknowledgeAll());
  station.nowMs += ageMs;
  connection.sendMessage(text('y'));
  return station.drain().some(({ kind, txn }) => kind === 'op' && txn < EPOCH_TXNS);
}

export const keyLifetime: Driver = (cap) => fillEdge(cap, isOldKeyUsed);

export const jumps: Driver = (cap) => {
  const shifts = new TxnShifts();
  const gaps: number[] = [];
  const count = (kind: number): number =>
    gaps.filter((wire) => shifts.numberOf(wire) === kind).length;
  return fillTable(cap, {
    add: (index) => {
      const wire = (index + 1) * EPOCH_TXNS;
      shifts.jump(32 * (index + 1), wire);
      gaps.push(wire - 1);
    },
    size: () => count(NEVER_SENT),
    counted: () => count(LONG_AGO),
  });
};
