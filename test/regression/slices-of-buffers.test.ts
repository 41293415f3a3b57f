import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/io/connect.ts';
import { listen } from '../../src/io/listen.ts';
import { SegmentView, decodeSegment } from '../../src/wire/segment.ts';
import { WIRE_VERSION } from '../../src/wire/codes.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { forgeSyn } from '../attacks/attacker.ts';
import { noiseOf } from '../sim/sealed.ts';
import { opened } from '../unit/transport/player.ts';

/**
 * Sockets give a Node Buffer, whose `slice` is a view and no copy. The digest of a SYN is taken
 * over a copy without the cookie; the "copy" was the SYN itself, so over real sockets no cookie was
 * ever right, and a flood kept every newcomer out until its half-open entries had timed out.
 */
const host = '127.0.0.1';
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('bytes that come as a Buffer', () => {
  it('P-COOKIE-02 a client that shows its cookie gets in, over real sockets', async () => {
    const security = { kind: 'sealed', cookieDemand: 'always' } as const;
    const listener = await listen({ host, port: 0, security, onChannel: () => undefined });
    closers.push(() => listener.close());
    const link = await connect({ host, port: listener.port });
    closers.push(() => link.close());
    expect(listener.stats()).toMatchObject({ cookiesAsked: 1, cookiesTaken: 1 });
  });

  it('P-COOKIE-01 the digest of a SYN leaves the SYN as it came', () => {
    const syn = Buffer.from(forgeSyn(new SeededRandom(1)));
    syn.fill(7, 40, 60);
    const view = new SegmentView();
    decodeSegment(syn, 0, syn.length, false, WIRE_VERSION, view);
    expect(view.cookieAt).toBeGreaterThan(0);
    const before = Uint8Array.from(syn);
    noiseOf(1).digest(view);
    expect(Uint8Array.from(syn)).toEqual(before);
  });

  it('P-MSG-05 a message is sent as it was when it was queued', () => {
    const { station, connection } = opened();
    const message = Buffer.from('as it was');
    connection.sendMessage(message);
    message.fill(0);
    const [sent] = station.drain();
    expect(Buffer.from(sent!.payload).toString()).toBe('as it was');
  });
});
