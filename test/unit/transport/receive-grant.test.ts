import { describe, expect, it } from 'vitest';
import { firstWindow, ReceiveGrant } from '../../../src/transport/receive-grant.ts';
import { Inbox } from '../../../src/transport/inbox.ts';
import { SlabPool } from '../../../src/util/slab.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { accepted } from './player.ts';
import { heldBy, pattern } from './segments.ts';

const WINDOW_BYTES = 1_000_000;
const LARGEST_BYTES = 65_459;

class Rig {
  readonly inbox = new Inbox(new SlabPool(4 * WINDOW_BYTES), WINDOW_BYTES);
  readonly grant = new ReceiveGrant(0, this.inbox, LARGEST_BYTES, 16_384, WINDOW_BYTES);
  rcvNxt = 0;

  /** A segment of file bytes in order, consumed at once. */
  come(bytes: number): void {
    this.grant.noteSize(bytes);
    this.inbox.take(FLAG.DAT, 0, new Uint8Array(bytes), 0, bytes);
    this.rcvNxt += 1;
    for (let run = this.inbox.readRun(1); run; run = this.inbox.readRun(1)) {
      this.inbox.releaseRun(run);
    }
  }

  get window(): number {
    return this.grant.window(this.rcvNxt);
  }
}

describe('the window that a receiver grants', () => {
  it('P-FLOW-03 begins with segments of 1,500 bytes where larger ones are taken too', () => {
    expect(firstWindow(16_384, WINDOW_BYTES, LARGEST_BYTES)).toBe(681);
    expect(firstWindow(16_384, WINDOW_BYTES, 1_152)).toBe(868);
    expect(firstWindow(64, WINDOW_BYTES, LARGEST_BYTES)).toBe(64);
    expect(new Rig().window).toBe(681);
  });

  it('P-FLOW-03 follows the size that comes, and never moves its edge left', () => {
    const rig = new Rig();
    rig.come(LARGEST_BYTES);
    expect(rig.window).toBe(680);
    while (rig.rcvNxt < 681) {
      const before = rig.window + rig.rcvNxt;
      rig.come(LARGEST_BYTES);
      expect(rig.window + rig.rcvNxt).toBeGreaterThanOrEqual(before);
    }
    expect(rig.window).toBe(15);
  });

  it('P-FLOW-03 grows again when large segments have not come for two windowfuls', () => {
    const rig = new Rig();
    while (rig.rcvNxt < 700) rig.come(LARGEST_BYTES);
    for (let bytes = 0; bytes < 2 * WINDOW_BYTES; bytes += 1_152) rig.come(1_152);
    expect(rig.window).toBe(681);
  });
});

describe('segments larger than 1,500 bytes', () => {
  const jumbo = { connection: { acceptSegmentBytes: 65_507 } };

  it('are kept early in cells of their size, small ones in small cells', () => {
    const { station, player, app } = accepted(jumbo);
    const [small, large] = [pattern(1_368), pattern(60_000)];
    const [ack] = player.feed(
      player.dat(small, { seq: 102 }),
      player.dat(large, { seq: 101 }),
      player.dat(pattern(8_000), { seq: 104 }),
    );
    expect(heldBy(ack!.block!)).toEqual([101, 102, 104]);
    expect(station.endpoint.stats().earlyBytes).toBe(1_536 + 65_536 + 9_216);
    player.feed(player.dat(large, { seq: 100 }), player.dat(large, { seq: 103 }));
    expect(app.records[0]!.bytes.length).toBe(3 * 60_000 + 1_368 + 8_000);
    expect(station.endpoint.stats().earlyBytes).toBe(0);
  });

  it('P-FLOW-02 are dropped beyond the credit, though the window has room for their number', () => {
    const { station, player } = accepted({
      connection: { ...jumbo.connection, receiveWindowBytes: 150_000 },
      autoRead: false,
    });
    for (let i = 0; i < 3; i += 1) player.feed(player.dat(pattern(60_000)));
    expect(station.drops()).toEqual({ outsideWindow: 1 });
    expect(station.newest.stats().bytesDelivered).toBe(120_000);
  });

  it('P-PART-01 come whole in pieces of 1,200 bytes, some of them lost', () => {
    const { station, player, app } = accepted(jumbo);
    const bytes = pattern(8_924);
    const pieces = (step: number): void => {
      for (let i = 0; i < bytes.length; i += 1_144 * step) {
        const piece = bytes.subarray(i, i + 1_144);
        player.feed(player.dat(piece, { seq: 100, part: [i, bytes.length] }));
      }
    };
    pieces(2);
    expect(station.endpoint.stats().earlyBytes).toBe(9_216);
    pieces(1);
    expect(app.records[0]!.bytes).toEqual(bytes);
    expect(station.endpoint.stats().earlyBytes).toBe(0);
  });

  it('give their cells back when the connection ends', () => {
    const { station, player, connection } = accepted(jumbo);
    player.feed(player.dat(pattern(60_000), { seq: 101 }), player.dat(pattern(9), { seq: 103 }));
    player.feed(player.dat(pattern(1_000), { seq: 100, part: [0, 9_000] }));
    expect(station.endpoint.stats().earlyBytes).toBe(65_536 + 1_536 + 9_216);
    connection.abort(1);
    station.advance(60_000);
    expect(station.endpoint.stats().earlyBytes).toBe(0);
  });
});
