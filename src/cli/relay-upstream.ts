/**
 * The relay's side towards the server for one client: a socket, or one after another.
 *
 * A move binds a new socket at another address of this machine, and what comes from the client
 * leaves there from then on. The socket before it goes on hearing the server for a while, as a
 * telephone does that changes from one net to another; then it closes, and what the server sends
 * there is lost, as behind a router that has forgotten its client.
 */
import type { PeerTable } from '../io/peer-table.ts';
import { UdpSocket } from '../io/udp-socket.ts';
import type { PeerAddress } from '../transport/types.ts';
import { RelayOutlet } from './relay-outlet.ts';

/** How a client's side towards the server changes its address. */
export interface Wandering {
  /** Time between two moves, and before the first. */
  readonly everyMs: number;
  /** How long the place before goes on hearing; 0 = what is on the way there is lost. */
  readonly overlapMs: number;
}

export interface UpstreamOptions {
  /** Literal address of the server. */
  readonly targetAddress: string;
  readonly targetPort: number;
  readonly peers: PeerTable;
  readonly onDatagram: (bytes: Uint8Array) => void;
  /** Undefined: it stays where it is. */
  readonly wandering: Wandering | undefined;
  /** The local address to go to next. */
  readonly nextPlace: () => string;
}

interface Line {
  readonly outlet: RelayOutlet;
  readonly target: PeerAddress;
}

/** Closes a socket that was left, when its time is over. */
interface Leaving {
  readonly socket: UdpSocket;
  readonly timer: NodeJS.Timeout;
}

export class RelayUpstream {
  /** Times that the server saw another address from then on. */
  moves = 0;
  private readonly options: UpstreamOptions;
  private line: Line | undefined;
  private readonly leaving = new Set<Leaving>();
  private readonly timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(options: UpstreamOptions) {
    this.options = options;
    const { wandering, nextPlace } = options;
    if (wandering === undefined) return;
    const { everyMs, overlapMs } = wandering;
    this.timer = setInterval(() => {
      // Where an address cannot be had, it stays for another while.
      this.move(nextPlace(), overlapMs).catch(() => undefined);
    }, everyMs);
  }

  /** Whether there is a way to the server. */
  get isOpen(): boolean {
    return this.line !== undefined;
  }

  /** The port that the server sees; 0 while there is none. */
  get localPort(): number {
    return this.line?.outlet.socket.localPort ?? 0;
  }

  /** Opens the first socket. @throws the system's error when the server has no route */
  async open(): Promise<void> {
    this.take(await this.dial(undefined));
  }

  /** False when the datagram had to be dropped. */
  send(bytes: Uint8Array): boolean {
    return this.line?.outlet.send(bytes, this.line.target) ?? false;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.timer);
    for (const { timer } of this.leaving) clearTimeout(timer);
    const sockets = [...this.leaving].map(({ socket }) => socket);
    if (this.line !== undefined) sockets.push(this.line.outlet.socket);
    await Promise.all(sockets.map((socket) => socket.close()));
  }

  private async move(localAddress: string, overlapMs: number): Promise<void> {
    const before = this.line;
    if (before === undefined) return;
    this.take(await this.dial(localAddress));
    if (this.isClosed) return;
    this.moves += 1;
    const { socket } = before.outlet;
    const entry = { socket, timer: setTimeout(() => this.forget(entry), overlapMs) };
    this.leaving.add(entry);
  }

  private async dial(localAddress: string | undefined): Promise<Line> {
    const { targetAddress, targetPort, peers, onDatagram } = this.options;
    const family = targetAddress.includes(':') ? 6 : 4;
    const socket = new UdpSocket({ family, peers, onDatagram });
    if (localAddress !== undefined) await socket.bind(localAddress, 0);
    const target = await socket.connect(targetAddress, targetPort);
    return { outlet: new RelayOutlet(socket), target };
  }

  private take(line: Line): void {
    if (this.isClosed) void line.outlet.socket.close();
    else this.line = line;
  }

  private forget(entry: Leaving): void {
    this.leaving.delete(entry);
    void entry.socket.close();
  }
}
