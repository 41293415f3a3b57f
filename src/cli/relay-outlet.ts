/** A socket of the relay with the buffers that wait in its queue. */
import { TrainPool } from '../io/train-pool.ts';
import type { UdpSocket } from '../io/udp-socket.ts';
import type { PeerAddress } from '../transport/types.ts';

/** Datagrams left to a socket's own queue; beyond it they are dropped, as a router does. */
export const MAX_RELAY_QUEUE = 1_024;

export class RelayOutlet {
  readonly socket: UdpSocket;
  private readonly pool = new TrainPool();

  constructor(socket: UdpSocket) {
    this.socket = socket;
  }

  /** Sends a copy of `bytes`; false when too many wait already, and this one is dropped. */
  send(bytes: Uint8Array, peer: PeerAddress): boolean {
    const { socket, pool } = this;
    if (pool.parkedCount > 0 && socket.queuedDatagrams === 0) pool.recoverParked();
    if (pool.parkedCount >= MAX_RELAY_QUEUE) return false;
    const train = pool.current();
    train.hold(bytes, peer);
    if (!socket.send(train, false)) pool.park();
    return true;
  }
}
