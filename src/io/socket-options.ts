/**
 * Options of a UDP socket that Node has no function for, set by `setsockopt` of the C library.
 *
 * The call goes through koffi's binary, which is optional: without one for this machine, outside
 * Linux, or when the system refuses, all goes on as Node left it, and callers hear that it did.
 * Like libsodium's the binary is loaded by its path and when it is first needed: 2 ms, where the
 * package's own JavaScript takes 7 to find it.
 */
import type { Socket } from 'node:dgram';
import { createRequire } from 'node:module';
import { constants, release } from 'node:os';

/** All calls fail softly; options are 32-bit integers. */
export interface SocketOptions {
  /** @returns whether the system took the value */
  set(descriptor: number, level: number, name: number, value: number): boolean;
  /** @returns the value, or undefined when the system does not tell it */
  get(descriptor: number, level: number, name: number): number | undefined;
  /**
   * Takes the next datagram of a connected socket, if one is there.
   * @returns its bytes, or the system's error as a negative number, as in -EAGAIN for none
   */
  receive(descriptor: number, into: Uint8Array): number;
}

/** Levels, names and values of Linux, the same on x64 and arm64 (`linux/in.h`, `in6.h`). */
export const LINUX = {
  IPPROTO_IP: 0,
  IPPROTO_IPV6: 41,
  IP_MTU_DISCOVER: 10,
  IPV6_MTU_DISCOVER: 23,
  /** Never fragment, and do not believe what routers said about the path before. */
  PMTUDISC_PROBE: 3,
  SOL_UDP: 17,
  UDP_SEGMENT: 103,
  UDP_GRO: 104,
} as const;

/**
 * `node` leaves sockets as Node makes them, `single` sends and receives each datagram by itself;
 * for tests and for comparing.
 */
const VARIABLE = 'LFTPU_SOCKETS';

const ARCHITECTURES: ReadonlySet<string> = new Set(['x64', 'arm64']);
const INTEGER_BYTES = 4;

type NativeFunction = (...values: unknown[]) => number;

/** What is used of koffi. */
interface Koffi {
  load(path: null): { func(declaration: string): NativeFunction };
  errno(): number;
}

/** Return at once when nothing is there (`bits/socket.h`). */
const MSG_DONTWAIT = 0x40;

/** Whether the system may cut datagrams into fragments, and if so, why that was not forbidden. */
export type Fragments = 'forbidden' | 'allowed: no binary' | 'allowed: refused';

/** Whether datagrams travel between program and kernel in trains, and if not, why. */
export type Trains = 'in trains' | 'single: no binary' | 'single: refused' | 'single';

/**
 * Merging is sound from here on: older kernels handed merged datagrams to sockets that had not
 * asked for them, and lost the checksum of some.
 */
const TRAINS_SINCE = [5, 12] as const;

let known: { readonly options: SocketOptions | undefined } | undefined;

/** The calls of this machine; undefined where there are none. */
export function systemOptions(): SocketOptions | undefined {
  if (process.env[VARIABLE] === 'node') return undefined;
  known ??= { options: load() };
  return known.options;
}

function load(): SocketOptions | undefined {
  if (process.platform !== 'linux' || !ARCHITECTURES.has(process.arch)) return undefined;
  const require = createRequire(import.meta.url);
  const folder = `@koromix/koffi-linux-${process.arch}`;
  // The first is for glibc; where that does not load, musl is what is left.
  for (const library of ['linux', 'musl']) {
    try {
      return bind(require(`${folder}/${library}_${process.arch}/koffi.node`) as Koffi);
    } catch {
      continue;
    }
  }
  return undefined;
}

function bind(koffi: Koffi): SocketOptions {
  const system = koffi.load(null);
  const parameters = 'int fd, int level, int name';
  const set = system.func(`int setsockopt(${parameters}, const void *value, uint32_t length)`);
  const get = system.func(`int getsockopt(${parameters}, void *value, uint32_t *length)`);
  const receive = system.func('int recv(int fd, void *bytes, size_t length, int flags)');
  const integer = new Int32Array(1);
  const length = new Uint32Array(1);
  return {
    set: (descriptor, level, name, value) => {
      integer[0] = value;
      return set(descriptor, level, name, integer, INTEGER_BYTES) === 0;
    },
    get: (descriptor, level, name) => {
      length[0] = INTEGER_BYTES;
      return get(descriptor, level, name, integer, length) === 0 ? integer[0] : undefined;
    },
    receive: (descriptor, into) => {
      const bytes = receive(descriptor, into, into.length, MSG_DONTWAIT);
      return bytes < 0 ? -koffi.errno() : bytes;
    },
  };
}

/**
 * The descriptor of a bound socket; undefined where Node has none. It stands in the socket's
 * private state: the way that Node once showed prints a warning now.
 */
export function descriptorOf(socket: Socket): number | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  if (key === undefined) return undefined;
  const state = (socket as unknown as Record<symbol, unknown>)[key];
  const fd = (state as { readonly handle?: { readonly fd?: unknown } } | undefined)?.handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

/**
 * P-MTU-07: a datagram too large for the path vanishes instead of travelling in fragments, or
 * probes of the path would prove nothing (RFC 8899 §3). An IPv6 socket may have IPv4 peers too.
 */
export function forbidFragments(
  socket: Socket,
  family: 4 | 6,
  options: SocketOptions | undefined = systemOptions(),
): Fragments {
  const descriptor = descriptorOf(socket);
  if (options === undefined || descriptor === undefined) return 'allowed: no binary';
  const { IPPROTO_IP, IPPROTO_IPV6, IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PMTUDISC_PROBE } = LINUX;
  const isSet =
    options.set(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE) &&
    (family === 4 || options.set(descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE));
  return isSet ? 'forbidden' : 'allowed: refused';
}

/**
 * Lets the kernel cut trains on the way out and merge them on the way in. Neither is seen on the
 * wire. Nothing is cut until a length is set ({@link cutTrains}).
 */
export function allowTrains(
  socket: Socket,
  options: SocketOptions | undefined = systemOptions(),
): Trains {
  if (process.env[VARIABLE] === 'single') return 'single';
  const descriptor = descriptorOf(socket);
  if (options === undefined || descriptor === undefined) return 'single: no binary';
  const { SOL_UDP, UDP_GRO, UDP_SEGMENT } = LINUX;
  const isSet =
    isKernelSince(TRAINS_SINCE) &&
    options.set(descriptor, SOL_UDP, UDP_SEGMENT, 0) &&
    options.set(descriptor, SOL_UDP, UDP_GRO, 1);
  return isSet ? 'in trains' : 'single: refused';
}

/**
 * What is sent from now on is cut into datagrams of `unitBytes`; 0 for no cutting.
 * @returns whether the system took it
 */
export function cutTrains(
  descriptor: number,
  unitBytes: number,
  options: SocketOptions | undefined = systemOptions(),
): boolean {
  return options?.set(descriptor, LINUX.SOL_UDP, LINUX.UDP_SEGMENT, unitBytes) ?? false;
}

/** See {@link SocketOptions.receive}; -EAGAIN where there are no such calls. */
export function receiveWaiting(descriptor: number, into: Uint8Array): number {
  return systemOptions()?.receive(descriptor, into) ?? -constants.errno.EAGAIN;
}

function isKernelSince([major, minor]: readonly [number, number]): boolean {
  const [own = 0, ownMinor = 0] = release().split('.').map(Number);
  return own > major || (own === major && ownMinor >= minor);
}
