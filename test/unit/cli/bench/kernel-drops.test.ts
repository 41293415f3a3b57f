import { describe, expect, it } from 'vitest';
import { dropsIn } from '../../../../src/cli/bench/kernel-drops.ts';

/** A line of /proc/net/udp, its last column the drops. */
function line(local: string, drops: number): string {
  const times = '00000000:00000000 00:00000000 00000000     0        0 17 2 0000000000000000';
  return ` 1021: 0100007F:${local} 00000000:0000 07 ${times} ${drops}`;
}

const TITLE = '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid';
const TABLE = [TITLE, line('2710', 12), line('2711', 0), line('0035', 77), ''].join('\n');

describe('drops of the kernel', () => {
  it('are summed up over the ports in question, and no others', () => {
    expect(dropsIn(TABLE, [10_000, 10_001])).toBe(12);
    expect(dropsIn(TABLE, [53])).toBe(77);
    expect(dropsIn(TABLE, [1])).toBe(0);
    expect(dropsIn('', [10_000])).toBe(0);
  });
});
