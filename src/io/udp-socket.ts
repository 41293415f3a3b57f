/**
 * A thin coat over `node:dgram`: fast on the hot path, and never a crash.
 *
 * A send takes no closure and no promise. A failed one is a lost datagram and a counter, since
 * recovery deals with loss anyway; whoever opened the socket hears the code and may draw
 * conclusions, as the client does from a repeated port-unreachable.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { PeerAddress } from '../transport/types.ts';
import type { DatagramSlot } from './datagram-pool.ts';
import { SocketPeer, type PeerTable } from './peer-table.ts';
import { forbidFragments, type Fragments } from './socket-options.ts';

/** What is asked of the kernel for each direction; bytes. It grants what its limits allow. */
export const SOCKET_BUFFER_BYTES = 7 * 1_048_576;

/** Error codes told apart in the counters; any others are counted together. */
export const ERROR_CODES_COUNTED = 32;

const SMALLEST_REQUEST_BYTES = 131_072;

export interface UdpSocketOptions {
  readonly family: 4 | 6;
  /** On an IPv6 socket: refuse IPv4 peers. */
  readonly ipv6Only?: boolean;
  readonly peers: PeerTable;
  /** The bytes are the receiver's: nobody else holds them. */
  readonly onDatagram: (datagram: Uint8Array, peer: PeerAddress) => void;
  /** `code` is the system's, as in `ECONNREFUSED`. */
  readonly onError?: (code: string) => void;
}

/** `dgram` asks this even for literal addresses, and waits a tick unless the answer is at once. */
function literalLookup(
  host: string,
  family: unknown,
  done: (error: Error | null, address: string, family: number) => void,
): void {
  done(null, host, Number(family));
}

export class UdpSocket {
  /** How often each error struck; a lower bound, because bulk sends are only sampled. */
  readonly errorCounts = new Map<string, number>();
  readonly family: 4 | 6;
  private readonly socket: Socket;
  private readonly options: UdpSocketOptions;
  private readonly onSent: (error: Error | null) => void;
  /** Whether the system may cut what is sent; known once the socket is open. */
  fragments: Fragments = 'allowed: no binary';
  private connectedPeer: SocketPeer | undefined;
  private isOpen = true;

  constructor(options: UdpSocketOptions) {
    this.options = options;
    this.family = options.family;
    this.socket = createSocket({
      type: options.family === 6 ? 'udp6' : 'udp4',
      ipv6Only: options.ipv6Only ?? false,
      lookup: literalLookup,
    });
    this.onSent = (error) => {
      if (error !== null) this.countError(error);
    };
    this.socket.on('error', (error) => this.countError(error));
    this.socket.on('message', (bytes, from) => this.receive(bytes, from));
  }

  /**
   * Binds to a literal address; port 0 means any free one.
   * @throws the system's error: EADDRINUSE, EADDRNOTAVAIL, EACCES, EAFNOSUPPORT
   */
  async bind(address: string, port: number): Promise<void> {
    await this.opening((done) => this.socket.bind({ address, port, exclusive: true }, done));
    this.configure();
  }

  /**
   * Fixes the peer, so that the kernel tells of unreachable ports and drops what others send.
   * @throws the system's error: ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EINVAL
   */
  async connect(address: string, port: number): Promise<SocketPeer> {
    await this.opening((done) => this.socket.connect(port, address, done));
    this.configure();
    this.connectedPeer = new SocketPeer(address, port);
    return this.connectedPeer;
  }

  /**
   * Sends the slot's datagram to the slot's peer.
   * @param watched whether to hear of a failure that the system tells at once; costs a tick
   * @returns true when the slot may be written again, false while the socket still needs it
   */
  send(slot: DatagramSlot, watched: boolean): boolean {
    if (!this.isOpen) return true;
    const { socket } = this;
    const bytes = slot.datagram();
    if (this.connectedPeer !== undefined) {
      if (watched) socket.send(bytes, this.onSent);
      else socket.send(bytes);
    } else {
      const { peer } = slot;
      const address = peer instanceof SocketPeer ? peer.sendAddress : peer.address;
      if (watched) socket.send(bytes, peer.port, address, this.onSent);
      else socket.send(bytes, peer.port, address);
    }
    return socket.getSendQueueCount() === 0;
  }

  /** Datagrams that the kernel has not taken yet. */
  get queuedDatagrams(): number {
    return this.isOpen ? this.socket.getSendQueueCount() : 0;
  }

  get localAddress(): string {
    return this.socket.address().address;
  }

  get localPort(): number {
    return this.socket.address().port;
  }

  get forbidsFragments(): boolean {
    return this.fragments === 'forbidden';
  }

  /** What the kernel granted; Linux tells twice the usable size. */
  get receiveBufferBytes(): number {
    return this.socket.getRecvBufferSize();
  }

  get sendBufferBytes(): number {
    return this.socket.getSendBufferSize();
  }

  /** Resolves when the descriptor is closed; what still waits in the queue is lost. */
  close(): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    this.isOpen = false;
    return new Promise((resolve) => this.socket.close(resolve));
  }

  private receive(bytes: Uint8Array, from: RemoteInfo): void {
    if (!this.isOpen) return;
    // Nobody can be answered at port 0; only a forger sends from there.
    if (from.port === 0) return;
    const peer = this.connectedPeer ?? this.options.peers.intern(from.address, from.port);
    // No Buffer goes in: its `slice` is a view, where all that follows means a copy.
    const datagram = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.options.onDatagram(datagram, peer);
  }

  /** `dgram` tells a failed bind by an event and a failed connect by the callback. */
  private opening(start: (done: (error?: unknown) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        this.isOpen = false;
        this.socket.off('error', fail);
        this.socket.close();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      this.socket.once('error', fail);
      start((error) => {
        this.socket.off('error', fail);
        if (error instanceof Error) fail(error);
        else resolve();
      });
    });
  }

  private configure(): void {
    const { socket } = this;
    this.fragments = forbidFragments(socket, this.family);
    askForBuffer((bytes) => socket.setRecvBufferSize(bytes));
    askForBuffer((bytes) => socket.setSendBufferSize(bytes));
  }

  private countError(error: Error): void {
    const code = 'code' in error ? String(error.code) : error.name;
    const counts = this.errorCounts;
    const isNew = !counts.has(code);
    const name = isNew && counts.size >= ERROR_CODES_COUNTED ? 'OTHER' : code;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    this.options.onError?.(code);
  }
}

/** Linux grants what it allows of any request; others refuse too large ones, so ask for less. */
function askForBuffer(set: (bytes: number) => void): void {
  for (let bytes = SOCKET_BUFFER_BYTES; bytes >= SMALLEST_REQUEST_BYTES; bytes /= 2) {
    try {
      set(bytes);
      return;
    } catch {
      continue;
    }
  }
}
