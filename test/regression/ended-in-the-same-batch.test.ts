import { describe, expect, it } from 'vitest';
import type { ConnectionConfig } from '../../src/transport/config.ts';
import type { CloseReason } from '../../src/transport/types.ts';
import { AT } from '../../src/wire/layout.ts';
import { finishSegment } from '../../src/wire/segment-write.ts';
import { Lies, lyingProtection } from '../fuzz/liar.ts';
import { noiseOf } from '../sim/sealed.ts';
import { peerAddress, Station } from '../unit/transport/station.ts';

/**
 * A connection that had ended was asked once more before the endpoint forgot it, in the same
 * datagram or the same batch. Its keys were wiped by then, and reading another handshake message
 * was taken for a programmer's error: any client could end a server by one datagram.
 */
const CLIENT = peerAddress(2);
const SERVER = peerAddress(1);
/** A lie that fills the content of a handshake message with one value. */
const NONSENSE = { kind: 6, at: 0, value: 5 };

class Ends {
  readonly lies = { client: new Lies(), server: new Lies() };
  readonly server: Station;
  readonly client: Station;

  constructor(config: Partial<ConnectionConfig> = {}) {
    const server = lyingProtection(noiseOf(1), this.lies.server);
    const client = lyingProtection(noiseOf(2), this.lies.client);
    this.server = new Station({ endpoint: { protection: server } });
    this.client = new Station({
      endpoint: { protection: client, accepts: false },
      connection: config,
    });
    this.client.endpoint.connect(0, SERVER);
  }

  /** Datagrams of one drain; not decoded, because they are sealed. */
  take(station: Station): Uint8Array[] {
    const slot = { buffer: new Uint8Array(65_507), length: 0, peer: SERVER };
    const datagrams: Uint8Array[] = [];
    while (station.endpoint.pollTransmit(0, slot)) {
      datagrams.push(slot.buffer.slice(0, slot.length));
    }
    return datagrams;
  }

  toServer(...datagrams: Uint8Array[]): void {
    for (const bytes of datagrams) this.server.endpoint.handleDatagram(0, CLIENT, bytes.slice());
  }

  toClient(...datagrams: Uint8Array[]): void {
    for (const bytes of datagrams) this.client.endpoint.handleDatagram(0, SERVER, bytes.slice());
  }

  closedAt(station: Station): CloseReason | undefined {
    this.take(station);
    const events = [];
    for (let next = station.endpoint.pollEvent(); next; next = station.endpoint.pollEvent()) {
      events.push(next.event);
    }
    const closed = events.find((event) => event.kind === 'closed');
    return closed?.reason;
  }
}

function synAckOf(ends: Ends): Uint8Array {
  ends.toServer(...ends.take(ends.client));
  return ends.take(ends.server)[0]!;
}

describe('a handshake message for a connection that has just ended', () => {
  it('P-OPEN-08 nonsense in a sealed third message, twice in one datagram', () => {
    const ends = new Ends();
    const synAck = synAckOf(ends);
    ends.lies.client.push(NONSENSE);
    ends.toClient(synAck);
    const [third] = ends.take(ends.client);
    ends.toServer(Uint8Array.of(...third!, ...third!));
    expect(ends.server.drops()).toEqual({ synParameters: 1, notEstablished: 1 });
    expect(ends.closedAt(ends.server)).toMatchObject({ kind: 'violation' });
  });

  it('P-OPEN-08 nonsense in a sealed SYN-ACK ends the attempt, and its copy has no effect', () => {
    const ends = new Ends();
    ends.lies.server.push(NONSENSE);
    const synAck = synAckOf(ends);
    ends.toClient(synAck, synAck);
    expect(ends.client.drops()).toEqual({ synParameters: 1, notEstablished: 1 });
    expect(ends.closedAt(ends.client)).toMatchObject({ kind: 'violation' });
  });

  it('P-KEY-03 the answer of an untrusted server comes twice', () => {
    const ends = new Ends({ trusts: () => false });
    const synAck = synAckOf(ends);
    ends.toClient(synAck, synAck);
    expect(ends.client.drops()).toEqual({ notEstablished: 1 });
    expect(ends.closedAt(ends.client)).toMatchObject({ kind: 'untrusted' });
  });

  it('P-OPEN-01 the answer comes in the turn in which the client gives up', () => {
    const ends = new Ends();
    const synAck = synAckOf(ends);
    ends.client.newest.abort(1);
    ends.toClient(synAck);
    expect(ends.closedAt(ends.client)).toMatchObject({ kind: 'aborted', by: 'local' });
  });
});

describe('a SYN', () => {
  it('P-PORT-01 from port 0 opens nothing, though it has room for a cookie', () => {
    const ends = new Ends();
    const [syn] = ends.take(ends.client);
    syn!.fill(0, AT.SOURCE_PORT, AT.SOURCE_PORT + 2);
    finishSegment(syn!, 0, syn!.length);
    ends.toServer(syn!);
    expect(ends.server.drops()).toEqual({ port: 1 });
    expect(ends.server.endpoint.connectionCount).toBe(0);
  });
});
