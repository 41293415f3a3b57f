/** The server's side: one UDP socket that any number of clients share. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ConnectionConfig } from '../transport/config.ts';
import type { Endpoint } from '../transport/endpoint.ts';
import type { TraceSink } from '../transport/trace.ts';
import type { ConnectionEvent } from '../transport/types.ts';
import { ERROR } from '../wire/codes.ts';
import { assemble, MAX_CONNECTIONS, SERVER_POOLS, type Assembly } from './assembly.ts';
import { Channel } from './channel.ts';
import type { DrivenConnection } from './driven.ts';
import { SEALED, type Security } from './security.ts';
import type { Fragments, Trains } from './socket-options.ts';
import { UdpSocket } from './udp-socket.ts';

export interface ListenOptions {
  /** Name or literal address; the default is every address of both families. */
  readonly host?: string | undefined;
  /** 0 means any free one. */
  readonly port: number;
  /** The server's key, or none: `--insecure`. Sealed by a key made on the spot if left out. */
  readonly security?: Security | undefined;
  readonly config?: Partial<ConnectionConfig> | undefined;
  readonly maxConnections?: number | undefined;
  readonly maxPatienceMs?: number | undefined;
  readonly trace?: TraceSink | undefined;
  /** A client is there. Must not throw; what it starts runs on by itself. */
  readonly onChannel: (channel: Channel) => void;
  /** Programmer errors; without it they end the process. */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** Failures of a bind to `::` that mean "no IPv6 here" rather than "not this port". */
const NO_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL', 'EPROTONOSUPPORT']);

export class Listener {
  private readonly parts: Assembly;
  private readonly socket: UdpSocket;
  private readonly live: Set<Channel>;
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;

  constructor(parts: Assembly, socket: UdpSocket, live: Set<Channel>) {
    this.parts = parts;
    this.socket = socket;
    this.live = live;
    this.address = socket.localAddress;
    this.port = socket.localPort;
    this.family = socket.family;
  }

  /** Live channels, in the order they came. */
  channels(): Iterable<Channel> {
    return this.live.values();
  }

  get channelCount(): number {
    return this.live.size;
  }

  /** Connections that the transport still knows: half-open and closing ones, and resting ports. */
  get knownConnections(): number {
    const { connectionCount, quietCount } = this.parts.endpoint;
    return connectionCount + quietCount;
  }

  stats(): ReturnType<Endpoint['stats']> {
    return this.parts.endpoint.stats();
  }

  /** Addresses remembered, and how often those in no use were forgotten. */
  addressCounters(): Readonly<Record<'addresses' | 'addressesForgotten', number>> {
    const { peers } = this.parts;
    return { addresses: peers.size, addressesForgotten: peers.clearings };
  }

  /** Errors that the socket told, by code. */
  get socketErrors(): ReadonlyMap<string, number> {
    return this.socket.errors.byCode;
  }

  /** Whether the system may cut what is sent into fragments, and why. */
  get fragments(): Fragments {
    return this.socket.fragments;
  }

  /** Whether datagrams travel to and from the kernel in trains, and if not, why. */
  get trains(): Trains {
    return this.socket.trains;
  }

  /** The command that gets larger buffers from the kernel; undefined if it granted all. */
  get bufferAdvice(): string | undefined {
    return this.socket.bufferAdvice;
  }

  /** Datagrams that came while the buffer was full; undefined where the system does not tell. */
  droppedByKernel(): number | undefined {
    return this.socket.droppedByKernel();
  }

  /**
   * Closes the socket. Clients are not told: finish or abort their channels before, and wait for
   * `closed`. A channel that is still live ends here without a word to its peer.
   */
  async close(): Promise<void> {
    this.parts.driver.flush();
    this.parts.driver.close();
    for (const channel of this.live) {
      channel.onClosed({ kind: 'aborted', by: 'local', code: ERROR.GOING_AWAY });
    }
    this.live.clear();
    await this.socket.close();
  }
}

/**
 * Opens a server.
 * @throws the system's error: EADDRINUSE, EADDRNOTAVAIL, EACCES, ENOTFOUND, EAI_AGAIN
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { host, port } = options;
  const live = new Set<Channel>();
  const parts: Assembly = assemble({
    accepts: true,
    security: options.security ?? SEALED,
    pools: SERVER_POOLS,
    maxConnections: options.maxConnections ?? MAX_CONNECTIONS,
    maxPatienceMs: options.maxPatienceMs,
    config: options.config,
    trace: options.trace,
    localEnd: () => socket,
    onError: options.onError,
    onEvent: (connection, event) => route(connection, event),
  });

  const route = (connection: DrivenConnection, event: ConnectionEvent): void => {
    const known = connection.userData;
    if (known instanceof Channel) {
      if (event.kind === 'closed') live.delete(known);
      known.onEvent(event);
      return;
    }
    if (event.kind !== 'established') return;
    const channel = new Channel(connection, parts.slabs, parts.driver);
    connection.userData = channel;
    live.add(channel);
    options.onChannel(channel);
  };

  const open = async (family: 4 | 6, address: string): Promise<UdpSocket> => {
    const { driver, peers } = parts;
    const socket = new UdpSocket({
      family,
      peers,
      trains: true,
      onDatagram: driver.handleDatagram,
      onDrained: driver.handleDrained,
    });
    await socket.bind(address, port);
    return socket;
  };
  const socket = await openFirst(host, open);
  parts.driver.attach(parts.endpoint, socket);
  return new Listener(parts, socket, live);
}

async function openFirst(
  host: string | undefined,
  open: (family: 4 | 6, address: string) => Promise<UdpSocket>,
): Promise<UdpSocket> {
  if (host !== undefined) {
    const family = isIP(host);
    if (family !== 0) return open(family === 6 ? 6 : 4, host);
    const found = await lookup(host);
    return open(found.family === 6 ? 6 : 4, found.address);
  }
  try {
    return await open(6, '::');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!NO_IPV6.has(code)) throw error;
    return open(4, '0.0.0.0');
  }
}
