/** Datagrams that the kernel dropped because a socket's buffer was full. */
import { readFileSync } from 'node:fs';

/** One line of /proc/net/udp a socket; the columns of local address and of drops. */
const LOCAL_COLUMN = 1;
const DROPS_COLUMN = 12;

/** Of the sockets at these ports; null where the system does not tell. */
export function kernelDrops(ports: readonly number[]): number | null {
  const tables = ['/proc/net/udp', '/proc/net/udp6'].map(readTable);
  const known = tables.filter((text) => text !== undefined);
  if (known.length === 0) return null;
  return known.reduce((sum, text) => sum + dropsIn(text, ports), 0);
}

/** The drops of those ports in the text of /proc/net/udp. */
export function dropsIn(text: string, ports: readonly number[]): number {
  const wanted = new Set(ports);
  let drops = 0;
  for (const line of text.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const port = Number.parseInt(columns[LOCAL_COLUMN]?.split(':')[1] ?? '', 16);
    if (wanted.has(port)) drops += Number(columns[DROPS_COLUMN] ?? 0);
  }
  return drops;
}

function readTable(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
