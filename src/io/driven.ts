/**
 * What the driver and a channel need of the transport. Structural, so that tests can put a small
 * stand-in where an `Endpoint` or a `Connection` works in earnest.
 */
import type { PeerIdentity } from '../transport/protection.ts';
import type { Slab } from '../util/slab.ts';
import type {
  ConnectionEvent,
  ConnectionState,
  ConnectionStats,
  DataRun,
  PeerAddress,
  TransmitSlot,
} from '../transport/types.ts';

export interface DrivenConnection {
  readonly id: number;
  readonly peer: PeerAddress;
  readonly initiator: boolean;
  readonly identity: PeerIdentity | undefined;
  readonly login: Uint8Array | undefined;
  readonly state: ConnectionState;
  userData: unknown;
  readonly dataRoomBytes: number;
  readonly closeSent: number;
  sendMessage(bytes: Uint8Array): boolean;
  sendData(slab: Slab, offset: number, length: number): void;
  endData(error?: number): void;
  abandonData(error: number): void;
  readMessage(): Uint8Array | undefined;
  readRun(minBytes: number): DataRun | undefined;
  hasData(): boolean;
  releaseRun(run: DataRun): void;
  finish(): void;
  abort(code: number): void;
  stats(): ConnectionStats;
}

export interface DrivenEndpoint {
  handleDatagram(nowMs: number, peer: PeerAddress, datagram: Uint8Array): void;
  handleTimeout(nowMs: number): void;
  pollTransmit(nowMs: number, slot: TransmitSlot): boolean;
  pollEvent():
    { readonly connection: DrivenConnection; readonly event: ConnectionEvent } | undefined;
  nextTimeout(): number;
}
