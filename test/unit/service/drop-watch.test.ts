import { describe, expect, it } from 'vitest';
import { DropWatch } from '../../../src/service/drop-watch.ts';
import { NO_LOG } from '../../../src/service/log.ts';

const ADVICE = 'sysctl -w net.core.rmem_max=7340032';

describe('drops of the kernel', () => {
  it('are told once each, with what helps, and not more often than every ten seconds', () => {
    const lines: object[] = [];
    let dropped: number | undefined = undefined;
    const socket = { bufferAdvice: ADVICE, droppedByKernel: () => dropped };
    const watch = new DropWatch(socket, { ...NO_LOG, warn: (fields) => lines.push(fields) });
    watch.look(0);
    dropped = 0;
    watch.look(10_000);
    expect(lines).toEqual([]);
    dropped = 5;
    watch.look(19_999);
    expect(lines).toEqual([]);
    watch.look(20_000);
    watch.look(30_000);
    dropped = 12;
    watch.look(40_000);
    expect(lines).toEqual([
      { dropped: 5, total: 5, advice: ADVICE },
      { dropped: 7, total: 12, advice: ADVICE },
    ]);
  });
});
