/** Buffers of a socket in the kernel: how large they are asked for, what they could not hold. */
import type { Socket } from 'node:dgram';
import { readFileSync, readlinkSync } from 'node:fs';

/** What is asked of the kernel for each direction; bytes. It grants what its limits allow. */
export const SOCKET_BUFFER_BYTES = 7 * 1_048_576;

const SMALLEST_REQUEST_BYTES = 131_072;

/** Tables of the UDP sockets of this network namespace. */
const SOCKET_TABLES = ['/proc/self/net/udp6', '/proc/self/net/udp'] as const;
/** Columns of such a table, from 0. */
const INODE_COLUMN = 9;
const DROPS_COLUMN = 12;

/** Asks for large buffers in both directions. */
export function askForBuffers(socket: Socket): void {
  askForBuffer((bytes) => socket.setRecvBufferSize(bytes));
  askForBuffer((bytes) => socket.setSendBufferSize(bytes));
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

/**
 * The command that lets the kernel grant what was asked for; undefined when it did, and outside
 * Linux, which alone tells twice the size that it grants.
 */
export function bufferAdvice(
  receiveBytes: number,
  sendBytes: number,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (platform !== 'linux') return undefined;
  const limits: [name: string, grantedBytes: number][] = [
    ['net.core.rmem_max', receiveBytes / 2],
    ['net.core.wmem_max', sendBytes / 2],
  ];
  const small = limits.filter(([, grantedBytes]) => grantedBytes < SOCKET_BUFFER_BYTES);
  if (small.length === 0) return undefined;
  return `sysctl -w ${small.map(([name]) => `${name}=${SOCKET_BUFFER_BYTES}`).join(' ')}`;
}

/**
 * Datagrams that came while the receive buffer was full, since the socket opened; undefined where
 * the system does not tell. Reads a table of all sockets, so not for every datagram.
 */
export function droppedByKernel(descriptor: number): number | undefined {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
    if (inode === undefined) return undefined;
    for (const table of SOCKET_TABLES) {
      const dropped = dropsOf(inode, readFileSync(table, 'utf8'));
      if (dropped !== undefined) return dropped;
    }
    return undefined;
  } catch {
    return undefined;
  }
}

/** What the row of `inode` in `table` says; undefined without such a row. */
export function dropsOf(inode: string, table: string): number | undefined {
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (columns[INODE_COLUMN] === inode) return Number(columns[DROPS_COLUMN]);
  }
  return undefined;
}
