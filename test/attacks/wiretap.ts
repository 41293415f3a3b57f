/**
 * Somebody on the path between one client and a server: reads all, may alter, drop or add. What it
 * adds comes from the right addresses and ports, as if the addresses had been forged.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { Direction, Target } from './attacker.ts';
import { uint16, uint32 } from '../../src/wire/bytes.ts';
import { AT, HEADER_BYTES } from '../../src/wire/layout.ts';

const BUFFER_BYTES = 4 * 1_048_576;

export type Way = 'toServer' | 'toClient';

export interface Captured {
  readonly way: Way;
  readonly bytes: Uint8Array;
}

/** What becomes of a datagram: itself, another, or nothing. */
export type Alter = (bytes: Uint8Array, way: Way) => Uint8Array | undefined;

export class Wiretap {
  readonly captured: Captured[] = [];
  alter: Alter = (bytes) => bytes;
  private readonly front: Socket;
  private readonly back: Socket;
  private readonly server: Target;
  private client: { address: string; port: number } | undefined;

  private constructor(server: Target) {
    this.server = server;
    this.front = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES });
    this.back = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES });
    for (const socket of [this.front, this.back]) socket.on('error', () => undefined);
    this.front.on('message', (bytes, from) => {
      this.client = { address: from.address, port: from.port };
      this.pass(bytes, 'toServer');
    });
    this.back.on('message', (bytes) => this.pass(bytes, 'toClient'));
  }

  static async open(server: Target): Promise<Wiretap> {
    const tap = new Wiretap(server);
    await Promise.all(
      [tap.front, tap.back].map(
        (socket) => new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve)),
      ),
    );
    return tap;
  }

  /** Where the client believes the server to be. */
  get port(): number {
    return this.front.address().port;
  }

  private pass(bytes: Uint8Array, way: Way): void {
    this.captured.push({ way, bytes: Uint8Array.from(bytes) });
    const passed = this.alter(bytes, way);
    if (passed !== undefined) this.inject(passed, way);
  }

  inject(bytes: Uint8Array, way: Way): void {
    if (way === 'toServer') this.back.send(bytes, this.server.port, this.server.address);
    else if (this.client !== undefined) {
      this.front.send(bytes, this.client.port, this.client.address);
    }
  }

  /** What the newest datagram on a way shows in the clear. */
  direction(way: Way): Direction {
    const newest = this.captured.filter((entry) => entry.way === way).at(-1)?.bytes;
    if (newest === undefined) throw new Error(`nothing went ${way}`);
    return {
      sourcePort: uint16(newest, AT.SOURCE_PORT),
      destinationPort: uint16(newest, AT.DESTINATION_PORT),
      seq: uint32(newest, AT.SEQ),
      ack: uint32(newest, AT.ACK),
      txn: uint32(newest, HEADER_BYTES + 2),
    };
  }

  async close(): Promise<void> {
    await Promise.all(
      [this.front, this.back].map(
        (socket) => new Promise<void>((resolve) => socket.close(() => resolve())),
      ),
    );
  }
}
