/** What strangers can make an endpoint keep, answer or work out. */
import { SocketPeer } from '../../../src/io/peer-table.ts';
import type { EndpointConfig } from '../../../src/transport/config.ts';
import type { Endpoint } from '../../../src/transport/endpoint.ts';
import { PortTable } from '../../../src/transport/port-table.ts';
import { QuietEntry } from '../../../src/transport/quiet.ts';
import { SourceRates } from '../../../src/transport/source-rates.ts';
import type { EndpointStats, PeerAddress } from '../../../src/transport/types.ts';
import { SeededRandom } from '../../../src/util/random.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { AT, MAX_DATAGRAM_BYTES } from '../../../src/wire/layout.ts';
import { cookieRange } from '../../../src/wire/segment.ts';
import { finishSegment } from '../../../src/wire/segment-write.ts';
import { addressOf, Net } from '../../sim/net.ts';
import { cookiesOf, noiseOf, resetTokensOf, sealedNet } from '../../sim/sealed.ts';
import { craft } from '../../unit/transport/segments.ts';
import { type Driver, fillTable, tenth } from '../fill.ts';

/** The SYN of a client, which others vary. */
function anySyn(): Uint8Array {
  const { net, server, client } = sealedNet();
  client.connect(0, server);
  net.settle();
  return net.sent[0]!.bytes;
}

const SYN = anySyn();

function variant(index: number): Uint8Array {
  const bytes = SYN.slice();
  new DataView(bytes.buffer).setUint32(AT.SEQ, index);
  finishSegment(bytes, 0, bytes.length);
  return bytes;
}

function server(config: Partial<EndpointConfig>): Endpoint {
  return new Net().add(1, { protection: noiseOf(2), ...config }).endpoint;
}

/** Takes what waits, as the loop does each turn, and tells how many datagrams that were. */
function drain(endpoint: Endpoint, nowMs: number): number {
  const slot = { buffer: new Uint8Array(MAX_DATAGRAM_BYTES), length: 0, peer: addressOf(1) };
  let count = 0;
  while (endpoint.pollTransmit(nowMs, slot)) count += 1;
  while (endpoint.pollEvent() !== undefined);
  return count;
}

/** Sources that have 32 openings each, fewer than one may have. */
const crowd = (index: number): PeerAddress => addressOf(100 + Math.floor(index / 32));

export const halfOpenWithoutCookie: Driver = (cap) => {
  const endpoint = server({ cookies: cookiesOf(5) });
  return fillTable(cap, {
    add: (index) => endpoint.handleDatagram(0, crowd(index), variant(index)),
    size: () => endpoint.stats().halfOpen,
    counted: () => endpoint.stats().cookiesAsked,
  });
};

/** Each opening is over at once, so that only their rate is driven. */
export const handshakeRate: Driver = (cap) => {
  const endpoint = server({ cookies: cookiesOf(5) });
  const open = (index: number, nowMs: number): void => {
    endpoint.handleDatagram(nowMs, crowd(index), variant(index));
    for (const connection of endpoint.connections()) connection.forget();
    drain(endpoint, nowMs);
  };
  let index = 0;
  // What may come at once is used up first.
  for (; endpoint.stats().cookiesAsked === 0; index += 1) open(index, 0);
  const burst = endpoint.stats().accepted;
  const second = (tries: number, fromMs: number): number => {
    const before = endpoint.stats().accepted;
    for (let i = 1; i <= tries; i += 1, index += 1) open(index, fromMs + (1000 * i) / tries);
    return endpoint.stats().accepted - before;
  };
  const held = second(cap, 0);
  const asked = endpoint.stats().cookiesAsked;
  const beyond = second(cap + tenth(cap), 1000);
  const counted = endpoint.stats().cookiesAsked - asked;
  return { held, beyond, refused: burst > 0 ? counted : 0, counted };
};

/** The same, from one source that shows a good cookie each time. */
export const sourceHandshakeRate: Driver = (cap) => {
  const cookies = cookiesOf(5);
  const endpoint = server({ cookies });
  const peer = addressOf(100);
  const open = (index: number, nowMs: number): void => {
    const syn = variant(index);
    const { from } = cookieRange(syn)!;
    syn.set(cookies.make(nowMs, peer, syn[AT.SOURCE_PORT]! * 256 + syn[AT.SOURCE_PORT + 1]!), from);
    finishSegment(syn, 0, syn.length);
    endpoint.handleDatagram(nowMs, peer, syn);
    for (const connection of endpoint.connections()) connection.forget();
    drain(endpoint, nowMs);
  };
  const stats = (): EndpointStats => endpoint.stats();
  let index = 0;
  for (; stats().cookiesWithheld === 0; index += 1) open(index, 0);
  const second = (tries: number, fromMs: number): number => {
    const before = stats().accepted;
    for (let i = 1; i <= tries; i += 1, index += 1) open(index, fromMs + (1000 * i) / tries);
    return stats().accepted - before;
  };
  const held = second(cap, 0);
  const withheld = stats().cookiesWithheld;
  const beyond = second(cap + tenth(cap), 1000);
  const counted = stats().cookiesWithheld - withheld;
  return { held, beyond, refused: stats().cookiesAsked === 0 ? counted : 0, counted };
};

export const handshakeSources: Driver = (cap) => {
  const rates = new SourceRates(1, 1, cap);
  return fillTable(cap, {
    add: (index) => void rates.take(0, String(index)),
    size: () => rates.size,
    counted: () => rates.forgotten,
  });
};

export const halfOpenOfSource: Driver = (cap) => {
  const endpoint = server({});
  // A site with an IPv6 network has more addresses than any table has room for.
  const site = (index: number): PeerAddress => new SocketPeer(`2001:db8::${index.toString(16)}`, 9);
  return fillTable(cap, {
    add: (index) => endpoint.handleDatagram(0, site(index + 1), variant(index)),
    size: () => endpoint.stats().halfOpen,
    counted: () => endpoint.stats().drops.sourceLimit,
  });
};

export const halfOpen: Driver = (cap) => {
  const endpoint = server({});
  let nowMs = 0;
  const fill = fillTable(cap, {
    add: (index) => {
      endpoint.handleDatagram(nowMs, crowd(index), variant(index));
      drain(endpoint, nowMs);
    },
    size: () => endpoint.stats().halfOpen,
    counted: () => endpoint.stats().drops.full,
  });
  // After ten seconds the oldest make room: still no more than the cap.
  nowMs = 10_001;
  fill.more?.();
  const { halfOpen: size, halfOpenForgotten } = endpoint.stats();
  const counted = Math.min(fill.counted, halfOpenForgotten);
  const more = (): void => {
    // The ports of those that made room have rested by then.
    nowMs += 4_000;
    endpoint.handleTimeout(nowMs);
    fill.more?.();
  };
  return { ...fill, beyond: Math.max(fill.beyond, size), counted, more };
};

/** The cap is the server's to choose, so a small one shows what all do. */
export const connections: Driver = () => {
  const scaledTo = 40;
  const endpoint = server({ maxConnections: scaledTo });
  return {
    scaledTo,
    ...fillTable(scaledTo, {
      add: (index) => endpoint.handleDatagram(0, crowd(index), variant(index)),
      size: () => endpoint.connectionCount,
      counted: () => endpoint.stats().drops.full,
    }),
  };
};

export const queuedAnswers: Driver = (cap) => {
  const endpoint = server({ cookies: cookiesOf(5), cookieDemand: 'always' });
  for (let i = 0; i < cap; i += 1) endpoint.handleDatagram(0, crowd(i), variant(i));
  const held = drain(endpoint, 0);
  const tries = cap + tenth(cap);
  for (let i = 0; i < tries; i += 1) endpoint.handleDatagram(0, crowd(i), variant(i));
  const counted = endpoint.stats().answersRefused;
  const beyond = drain(endpoint, 0);
  return { held, beyond, refused: tries - beyond, counted };
};

export const resetRate: Driver = (cap) => {
  const endpoint = server({ resetTokens: resetTokensOf(3) });
  const lost = craft({
    sourcePort: 7,
    destinationPort: 9,
    flags: FLAG.ACK,
    txn: 1,
    payload: new Uint8Array(64),
  });
  const second = (tries: number, fromMs: number): number => {
    const before = endpoint.stats().resetsSent;
    for (let i = 1; i <= tries; i += 1) {
      const nowMs = fromMs + (1000 * i) / tries;
      endpoint.handleDatagram(nowMs, crowd(i), lost);
      drain(endpoint, nowMs);
    }
    return endpoint.stats().resetsSent - before;
  };
  const held = second(20 * cap, 0);
  const beyond = second(22 * cap, 1000);
  const { resetsWithheld } = endpoint.stats();
  return { held, beyond, refused: 22 * cap - beyond, counted: resetsWithheld };
};

export const cookiesTaken: Driver = (cap) => {
  const {
    net,
    server: far,
    client,
  } = sealedNet({}, { cookies: cookiesOf(5), cookieDemand: 'always' });
  client.connect(0, far);
  net.tap = () => [];
  net.settle();
  far.endpoint.handleDatagram(0, client.address, net.sent[0]!.bytes);
  net.settle();
  const question = net.sent.at(-1)!.bytes;
  let taken = 0;
  const ask = (): void => {
    const before = client.endpoint.stats().drops.cookie;
    client.endpoint.handleDatagram(net.nowMs, far.address, question.slice());
    if (client.endpoint.stats().drops.cookie === before) taken += 1;
  };
  return fillTable(cap, {
    add: ask,
    size: () => taken,
    counted: () => client.endpoint.stats().drops.cookie,
  });
};

export const portsInUse: Driver = (cap) => {
  const table = new PortTable();
  const random = new SeededRandom(1);
  const peer = addressOf(3);
  let drawn = 0;
  const rest = (): void => {
    const localPort = table.freePort(random);
    drawn += 1;
    const closed = { localPort, remotePort: 1, peer, lastAnswer: undefined, quietMs: 1000 };
    table.addQuiet(new QuietEntry(closed, ''));
  };
  const size = (): number => table.quietCount;
  return fillTable(cap, { add: rest, size, counted: () => drawn - size() });
};

/** What a half-open connection costs while nobody has proved anything; bytes. */
export async function halfOpenBytes(heldBytes: () => Promise<number>): Promise<number> {
  const endpoint = server({});
  const count = 256;
  const before = await heldBytes();
  for (let i = 0; i < count; i += 1) endpoint.handleDatagram(0, crowd(i), variant(i));
  const each = ((await heldBytes()) - before) / count;
  return endpoint.stats().halfOpen === count ? each : NaN;
}
