/** The client's side: a socket of its own for each attempt, connected to the one peer. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ConnectionConfig } from '../transport/config.ts';
import type { TraceSink } from '../transport/trace.ts';
import type { CloseReason, ConnectionEvent } from '../transport/types.ts';
import { ERROR } from '../wire/codes.ts';
import { assemble, CLIENT_POOLS, type Assembly } from './assembly.ts';
import { Channel } from './channel.ts';
import { MONOTONIC_CLOCK } from './clock.ts';
import { alternateFamilies, ATTEMPT_DELAY_MS, RaceLost, staggeredRace } from './race.ts';
import type { Attempt } from './race.ts';
import { Refusals } from './refusals.ts';
import { SEALED, type Security } from './security.ts';
import type { Fragments, Trains } from './socket-options.ts';
import { UdpSocket } from './udp-socket.ts';

/** Addresses of one name that are tried. */
export const MAX_ADDRESSES = 8;

export interface ConnectOptions {
  /** Name or literal address, IPv6 with or without brackets. */
  readonly host: string;
  readonly port: number;
  readonly family?: 4 | 6 | undefined;
  /**
   * The client's key, or none: `--insecure`. Sealed, and nobody in particular, if left out.
   * Whether the server is the right one is asked by `config.trusts`.
   */
  readonly security?: Security | undefined;
  readonly config?: Partial<ConnectionConfig> | undefined;
  readonly trace?: TraceSink | undefined;
  /** Gives up the attempt; without effect once the connection is established. */
  readonly signal?: AbortSignal | undefined;
  /** Queued before the opening, so that it travels in the third handshake message. */
  readonly firstMessage?: Uint8Array | undefined;
}

export type ConnectFailure =
  'resolve' | 'silent' | 'unreachable' | 'refused' | 'aborted' | 'untrusted';

export class ConnectFailed extends Error {
  /**
   * resolve: the name has no address. silent: nothing answered. unreachable: the network or the
   * host says that nobody is there. refused: the server answered and closed. aborted: by signal.
   * untrusted: its key is not the wanted one.
   */
  readonly code: ConnectFailure;
  /** Last error code that a stranger put into a header, 0 for none (wire/codes.ts ERROR). */
  readonly advice: number;

  constructor(code: ConnectFailure, advice: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ConnectFailed';
    this.code = code;
    this.advice = advice;
  }
}

/** An established connection and the socket it lives on. */
export interface ClientLink {
  readonly channel: Channel;
  /** The address that won. */
  readonly address: string;
  readonly family: 4 | 6;
  /** Errors that the socket told, by code. */
  readonly socketErrors: ReadonlyMap<string, number>;
  /** Whether the system may cut what is sent into fragments, and why. */
  readonly fragments: Fragments;
  /** Whether datagrams travel to and from the kernel in trains, and if not, why. */
  readonly trains: Trains;
  /** The command that gets larger buffers from the kernel; undefined if it granted all. */
  readonly bufferAdvice: string | undefined;
  /** Datagrams that came while the buffer was full; undefined where the system does not tell. */
  droppedByKernel(): number | undefined;
  /** Closes the socket at once: finish the channel and `linger` before. */
  close(): void;
}

interface Address {
  readonly address: string;
  readonly family: number;
}

/**
 * Opens a connection; resolves when it is established. A name with several addresses tries them
 * 250 ms apart, and the first to be established wins (RFC 8305).
 * @throws ConnectFailed
 */
export async function connect(options: ConnectOptions): Promise<ClientLink> {
  const addresses = await resolve(options);
  const starters = addresses.map((address) => () => attempt(options, address));
  try {
    return await staggeredRace(starters, ATTEMPT_DELAY_MS, options.signal);
  } catch (error) {
    if (error instanceof RaceLost) throw mostTelling(error.errors);
    throw new ConnectFailed('aborted', ERROR.NONE, `connecting to ${options.host} aborted`, error);
  }
}

async function resolve(options: ConnectOptions): Promise<Address[]> {
  const host = options.host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host.replace(/%.*$/, ''));
  if (family !== 0) return [{ address: host, family }];
  try {
    const found = await lookup(host, { all: true, verbatim: true, family: options.family ?? 0 });
    return addressesToTry(found);
  } catch (error) {
    throw new ConnectFailed('resolve', ERROR.NONE, `no address for ${host}`, error);
  }
}

/** A name server may name any number; each costs a socket and its pools. */
export function addressesToTry(found: readonly Address[]): Address[] {
  return alternateFamilies(found).slice(0, MAX_ADDRESSES);
}

/** Which of several failures says most about what is wrong. */
function mostTelling(errors: readonly unknown[]): unknown {
  const ranks: readonly ConnectFailure[] = ['untrusted', 'refused', 'silent', 'unreachable'];
  const failures = errors.filter((error) => error instanceof ConnectFailed);
  const unexpected = errors.find((error) => !(error instanceof ConnectFailed));
  if (unexpected !== undefined) return unexpected;
  failures.sort((a, b) => ranks.indexOf(a.code) - ranks.indexOf(b.code));
  return failures[0];
}

function attempt(options: ConnectOptions, target: Address): Attempt<ClientLink> {
  const opening = new Opening(options, target);
  return { outcome: opening.run(), cancel: () => opening.cancel() };
}

/** One attempt at one address. */
class Opening {
  private readonly options: ConnectOptions;
  private readonly target: Address;
  private readonly parts: Assembly;
  private readonly socket: UdpSocket;
  private readonly refusals: Refusals;
  private channel: Channel | undefined;
  private isCancelled = false;
  private succeed: () => void = () => undefined;
  private fail: (error: ConnectFailed) => void = () => undefined;

  constructor(options: ConnectOptions, target: Address) {
    this.options = options;
    this.target = target;
    this.parts = assemble({
      accepts: false,
      security: options.security ?? SEALED,
      pools: CLIENT_POOLS,
      maxConnections: 1,
      config: options.config,
      trace: options.trace,
      localEnd: () => this.socket,
      onEvent: (_, event) => this.onEvent(event),
    });
    this.refusals = new Refusals((code) => {
      this.fail(this.failure('unreachable', ERROR.NONE, code));
    });
    this.socket = new UdpSocket({
      family: target.family === 6 ? 6 : 4,
      peers: this.parts.peers,
      trains: true,
      onDatagram: this.parts.driver.handleDatagram,
      onDrained: this.parts.driver.handleDrained,
      onError: (code) => this.refusals.onError(code, MONOTONIC_CLOCK.nowMs()),
    });
  }

  async run(): Promise<ClientLink> {
    try {
      const channel = await this.open();
      await new Promise<void>((resolve, reject) => {
        this.succeed = resolve;
        this.fail = reject;
      });
      return this.link(channel);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.refusals.stop();
    }
  }

  /** Another attempt has won, or nobody wants one any more: a short good-bye, no waiting. */
  cancel(): void {
    this.isCancelled = true;
    this.channel?.abort(ERROR.CANCELLED);
    this.parts.driver.flush();
    this.close();
    this.fail(this.failure('aborted', ERROR.NONE));
  }

  private link(channel: Channel): ClientLink {
    return {
      channel,
      address: this.target.address,
      family: this.socket.family,
      socketErrors: this.socket.errors.byCode,
      fragments: this.socket.fragments,
      trains: this.socket.trains,
      bufferAdvice: this.socket.bufferAdvice,
      droppedByKernel: () => this.socket.droppedByKernel(),
      close: () => {
        this.close();
      },
    };
  }

  private async open(): Promise<Channel> {
    const { endpoint, driver, slabs } = this.parts;
    const { socket, options } = this;
    const peer = await socket.connect(this.target.address, options.port).catch((error: unknown) => {
      throw this.failure('unreachable', ERROR.NONE, error);
    });
    if (this.isCancelled) throw this.failure('aborted', ERROR.NONE);
    driver.attach(endpoint, socket);
    const connection = endpoint.connect(MONOTONIC_CLOCK.nowMs(), peer);
    const channel = new Channel(connection, slabs, driver);
    this.channel = channel;
    if (options.firstMessage !== undefined) await channel.sendMessage(options.firstMessage);
    driver.wake();
    return channel;
  }

  private onEvent(event: ConnectionEvent): void {
    this.channel?.onEvent(event);
    if (event.kind === 'established') this.succeed();
    if (event.kind === 'closed') this.fail(this.closeFailure(event.reason));
  }

  private closeFailure(reason: CloseReason): ConnectFailed {
    if (reason.kind === 'timedOut') return this.failure('silent', reason.advice, reason);
    if (reason.kind === 'aborted') return this.failure('refused', reason.code, reason);
    if (reason.kind === 'untrusted') return this.failure('untrusted', ERROR.NONE, reason);
    return this.failure('refused', ERROR.NONE, reason);
  }

  private failure(code: ConnectFailure, advice: number, cause?: unknown): ConnectFailed {
    const { address } = this.target;
    const where = address.includes(':') ? `[${address}]` : address;
    return new ConnectFailed(code, advice, `${where}:${this.options.port}: ${code}`, cause);
  }

  private close(): void {
    this.parts.driver.close();
    this.channel?.onClosed({ kind: 'aborted', by: 'local', code: ERROR.CANCELLED });
    void this.socket.close();
  }
}
