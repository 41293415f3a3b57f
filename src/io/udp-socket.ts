/**
 * A thin coat over `node:dgram`: fast on the hot path, and never a crash.
 *
 * A send takes no closure and no promise. A failed one is a lost datagram and a counter, since
 * recovery deals with loss anyway; whoever opened the socket hears the code and may draw
 * conclusions, as the client does from a repeated port-unreachable.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { PeerAddress } from '../transport/types.ts';
import { codeOf, ErrorCounts } from './error-counts.ts';
import { SocketPeer, type PeerTable } from './peer-table.ts';
import { askForBuffers, bufferAdvice, droppedByKernel } from './socket-buffers.ts';
import {
  allowTrains,
  cutTrains,
  descriptorOf,
  forbidFragments,
  receiveWaiting,
  type Fragments,
  type Trains,
} from './socket-options.ts';
import type { Train } from './train.ts';

/** The longest that the system hands over: what a length of 16 bits can say. */
const ARRIVAL_BYTES = 65_536;

/** As many as `dgram` takes before timers and disks have their turn. */
const WAITING_PER_WAKE = 32;

/** A device that cannot cut trains, or the kernel for it. */
const CANNOT_CUT: ReadonlySet<string> = new Set(['EIO', 'EOPNOTSUPP', 'ENOPROTOOPT']);
/** Too long pieces for this path: the rest of them tells `PathMtu` so. */
const TOO_LONG: ReadonlySet<string> = new Set(['EINVAL', 'EMSGSIZE']);

export interface UdpSocketOptions {
  readonly family: 4 | 6;
  /** On an IPv6 socket: refuse IPv4 peers. */
  readonly ipv6Only?: boolean;
  readonly peers: PeerTable;
  /** With `trains` the bytes are borrowed until it returns, else they are the receiver's. */
  readonly onDatagram: (datagram: Uint8Array, peer: PeerAddress) => void;
  /** `code` is the system's, as in `ECONNREFUSED`. */
  readonly onError?: (code: string) => void;
  /** Whether datagrams may leave and arrive in trains, where the system can; else never. */
  readonly trains?: boolean;
  /** The system has taken a train that it had kept waiting. */
  readonly onDrained?: () => void;
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
  readonly errors = new ErrorCounts();
  readonly family: 4 | 6;
  private readonly socket: Socket;
  private readonly options: UdpSocketOptions;
  private readonly onSent: (error: Error | null) => void;
  /** Whether the system may cut what is sent; known once the socket is open. */
  fragments: Fragments = 'allowed: no binary';
  /** Whether trains leave and arrive whole. */
  trains: Trains = 'single';
  private connectedPeer: SocketPeer | undefined;
  private isOpen = true;
  private descriptor = -1;
  private arrival: Uint8Array | undefined;
  /** What the kernel cuts at now; 0 for not at all. */
  private cutBytes = 0;

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
   * Sends a train to its peer.
   * @param watched whether to hear of a failure that the system tells at once; costs a tick
   * @returns true when it may be filled again, false while the socket still needs its bytes
   */
  send(train: Train, watched: boolean): boolean {
    if (!this.isOpen) return true;
    const { socket } = this;
    if (train.count === 1) {
      if (!this.mayLeaveWhole(train.totalBytes)) return true;
      this.hand(train.datagrams(), train.to, watched ? this.onSent : undefined);
      return socket.getSendQueueCount() === 0;
    }
    if (!this.takesTrains || !this.cutAt(train.unitBytes)) return this.sendSingly(train);
    train.isInSocket = true;
    train.onSent ??= (error) => this.afterTrain(train, error);
    this.hand(train.datagrams(), train.to, train.onSent);
    return false;
  }

  /** Without trains, and without waiting for an answer. */
  private sendSingly(train: Train): boolean {
    if (!this.mayLeaveWhole(train.unitBytes)) return true;
    for (let i = 0; i < train.count; i += 1) this.hand(train.datagram(i), train.to, undefined);
    return this.socket.getSendQueueCount() === 0;
  }

  private hand(
    bytes: Uint8Array,
    peer: PeerAddress,
    onSent: ((error: Error | null) => void) | undefined,
  ): void {
    const { socket } = this;
    if (this.connectedPeer !== undefined) {
      if (onSent === undefined) socket.send(bytes);
      else socket.send(bytes, onSent);
      return;
    }
    const address = peer instanceof SocketPeer ? peer.sendAddress : peer.address;
    if (onSent === undefined) socket.send(bytes, peer.port, address);
    else socket.send(bytes, peer.port, address, onSent);
  }

  /** @returns whether what is sent now is cut at `unitBytes`; 0 for not at all */
  private cutAt(unitBytes: number): boolean {
    if (this.cutBytes === unitBytes) return true;
    // What waits in the queue would be cut anew.
    if (this.socket.getSendQueueCount() > 0) return false;
    if (!cutTrains(this.descriptor, unitBytes)) return false;
    this.cutBytes = unitBytes;
    return true;
  }

  /** Rather lost, which recovery mends, than cut in two while a train waits in the queue. */
  private mayLeaveWhole(bytes: number): boolean {
    return this.cutAt(0) || bytes <= this.cutBytes;
  }

  /** Whether trains of more than one are sent as such. */
  get takesTrains(): boolean {
    return this.trains === 'in trains';
  }

  /** Nothing of a refused train has left, so its datagrams go one by one. */
  private afterTrain(train: Train, error: Error | null): void {
    train.isInSocket = false;
    if (!this.isOpen) return;
    if (error !== null) {
      const code = codeOf(error);
      if (CANNOT_CUT.has(code)) this.trains = 'single: refused';
      if (CANNOT_CUT.has(code) || TOO_LONG.has(code)) this.sendSingly(train);
      else this.countError(error);
    }
    if (this.queuedDatagrams === 0) this.options.onDrained?.();
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

  /** The command that gets larger buffers from the kernel; undefined if it granted all. */
  get bufferAdvice(): string | undefined {
    return bufferAdvice(this.socket.getRecvBufferSize(), this.socket.getSendBufferSize());
  }

  /** Datagrams that came while the buffer was full; undefined where the system does not tell. */
  droppedByKernel(): number | undefined {
    return this.isOpen ? droppedByKernel(this.descriptor) : undefined;
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
    this.options.onDatagram(this.arrived(bytes), peer);
    if (this.connectedPeer !== undefined && this.takesTrains) this.takeWaiting(peer);
  }

  /**
   * Takes what else has come without `dgram`, which allocates 64 KiB for each and makes the
   * collector visit the whole heap every thousand. Only of one peer: no address has to be read.
   */
  private takeWaiting(peer: PeerAddress): void {
    const into = (this.arrival ??= new Uint8Array(ARRIVAL_BYTES));
    for (let taken = 0; taken < WAITING_PER_WAKE && this.isOpen; taken += 1) {
      const bytes = receiveWaiting(this.descriptor, into);
      if (bytes === -constants.errno.EAGAIN) return;
      if (bytes < 0) this.countCode(getSystemErrorName(bytes));
      else this.options.onDatagram(new Uint8Array(into.buffer, 0, bytes), peer);
    }
  }

  /**
   * No Buffer goes on: its `slice` is a view, where all that follows means a copy. A train is
   * copied to where the last one lay: what opens its segments keeps views of their places.
   */
  private arrived(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (this.options.trains !== true) {
      return new Uint8Array(bytes.buffer, bytes.byteOffset, length);
    }
    this.arrival ??= new Uint8Array(ARRIVAL_BYTES);
    this.arrival.set(bytes);
    return new Uint8Array(this.arrival.buffer, 0, length);
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
    this.descriptor = descriptorOf(socket) ?? -1;
    if (this.options.trains === true) this.trains = allowTrains(socket);
    askForBuffers(socket);
  }

  private countError(error: Error): void {
    this.countCode(codeOf(error));
  }

  private countCode(code: string): void {
    this.errors.count(code);
    this.options.onError?.(code);
  }
}
