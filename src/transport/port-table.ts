/** Who owns which virtual port: live connections, resting ports, and the SYNs that made them. */
import { assert } from '../util/assert.ts';
import type { Random } from '../util/random.ts';
import type { Connection } from './connection.ts';
import type { QuietEntry } from './quiet.ts';

/** Ports are 16 bits, and drawing one at random must stay quick (docs/LIMITS.md). */
export const MAX_PORTS_IN_USE = 49_152;

export class PortTable {
  private readonly live = new Map<number, Connection>();
  private readonly resting = new Map<number, QuietEntry>();
  private readonly syns = new Map<string, Connection | QuietEntry>();

  get connectionCount(): number {
    return this.live.size;
  }

  get quietCount(): number {
    return this.resting.size;
  }

  connections(): Iterable<Connection> {
    return this.live.values();
  }

  find(port: number): Connection | QuietEntry | undefined {
    return this.live.get(port) ?? this.resting.get(port);
  }

  /** P-PORT-02: a random port, not 0, that nobody uses and that does not rest. */
  freePort(random: Random): number {
    if (this.live.size + this.resting.size >= MAX_PORTS_IN_USE) this.forgetOldestQuiet();
    for (;;) {
      const port = random.integer(1, 0xffff);
      if (!this.live.has(port) && !this.resting.has(port)) return port;
    }
  }

  private forgetOldestQuiet(): void {
    const [oldest] = this.resting.values();
    assert(oldest !== undefined, 'live connections stay below the cap of ports');
    this.removeQuiet(oldest);
  }

  add(connection: Connection): void {
    this.live.set(connection.localPort, connection);
  }

  noteSyn(key: string, connection: Connection): void {
    this.syns.set(key, connection);
    connection.synKey = key;
  }

  findSyn(key: string): Connection | QuietEntry | undefined {
    return this.syns.get(key);
  }

  /** @returns false when the connection was not in the table any more */
  remove(connection: Connection): boolean {
    if (this.live.get(connection.localPort) !== connection) return false;
    this.live.delete(connection.localPort);
    if (connection.synKey !== '') this.syns.delete(connection.synKey);
    return true;
  }

  addQuiet(entry: QuietEntry): void {
    this.resting.set(entry.localPort, entry);
    if (entry.synKey !== '') this.syns.set(entry.synKey, entry);
  }

  removeQuiet(entry: QuietEntry): void {
    this.resting.delete(entry.localPort);
    if (entry.synKey !== '') this.syns.delete(entry.synKey);
  }
}
