import { describe, expect, it } from 'vitest';
import { AckBlock } from '../../../src/wire/ack-block.ts';
import { prettyPrint } from '../../../src/wire/pretty-print.ts';
import { SegmentView } from '../../../src/wire/segment.ts';

function viewOf(values: Partial<SegmentView>): SegmentView {
  return Object.assign(new SegmentView(), values);
}

describe('prettyPrint', () => {
  it('prints the values that every segment has', () => {
    const view = viewOf({
      sourcePort: 4711,
      destinationPort: 10_000,
      flags: 0x38,
      seq: 17,
      ack: 3,
      window: 4096,
      hasTxn: true,
      txn: 99,
      payloadStart: 32,
      payloadEnd: 1400,
    });
    const line = '4711>10000 dat+end+ack seq 17 ack 3 win 4096 txn 99 len 1368';
    expect(prettyPrint(view)).toBe(line);
  });

  it('names every flag, and what is absent not at all', () => {
    expect(prettyPrint(viewOf({ flags: 0x7f }))).toBe(
      '0>0 cnt+syn+fin+op+dat+end+ack seq 0 ack 0 win 0 len 0',
    );
    expect(prettyPrint(viewOf({}))).toBe('0>0  seq 0 ack 0 win 0 len 0');
    const names = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40].map(
      (flags) => prettyPrint(viewOf({ flags })).split(' ')[1],
    );
    expect(names).toEqual(['fin', 'syn', 'cnt', 'dat', 'ack', 'end', 'op']);
  });

  it('prints part, close and error where there are some', () => {
    const view = viewOf({ flags: 4, partOffset: 0, partTotal: 1, closeStage: 1, error: 1 });
    expect(prettyPrint(view)).toBe('0>0 cnt seq 0 ack 0 win 0 part 0/1 close 1 error 1 len 0');
    // Without a total there is no part, without TXN no number, whatever the fields still hold.
    const stale = viewOf({ flags: 4, partOffset: 7, txn: 9 });
    expect(prettyPrint(stale)).toBe('0>0 cnt seq 0 ack 0 win 0 len 0');
  });

  it('prints an ack block behind its segment', () => {
    const block = new AckBlock();
    block.credit = 8_388_608;
    const view = viewOf({ flags: 0x10 });
    const start = '0>0 ack seq 0 ack 0 win 0 len 0';
    expect(prettyPrint(view, block)).toBe(`${start} [no echo tmap 0w credit 8388608]`);
    Object.assign(block, { echo: 99, delayMs: 0.37, tmapWords: 1, sackStart: 64 });
    expect(prettyPrint(view, block)).toBe(`${start} [echo 99 +0.4ms tmap 1w credit 8388608]`);
    Object.assign(block, { tmapWords: 2, sackWords: 1 });
    expect(prettyPrint(view, block)).toBe(
      `${start} [echo 99 +0.4ms tmap 2w sack 1w@64 credit 8388608]`,
    );
  });
});
