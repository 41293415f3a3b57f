/** A listener and clients in this process, and files that flow between them. */
import type { Channel } from '../../src/io/channel.ts';
import { connect, type ClientLink } from '../../src/io/connect.ts';
import { listen, type Listener } from '../../src/io/listen.ts';
import { Wiretap } from './wiretap.ts';

export const HOST = '127.0.0.1';

export class Rig {
  readonly listener: Listener;
  readonly channels: Channel[];
  private readonly closers: (() => Promise<void> | void)[] = [];

  private constructor(listener: Listener, channels: Channel[]) {
    this.listener = listener;
    this.channels = channels;
  }

  static async open(): Promise<Rig> {
    const channels: Channel[] = [];
    const onChannel = (channel: Channel): void => void channels.push(channel);
    return new Rig(await listen({ host: HOST, port: 0, onChannel }), channels);
  }

  get target(): { address: string; port: number } {
    return { address: HOST, port: this.listener.port };
  }

  async client(port = this.listener.port): Promise<ClientLink> {
    const link = await connect({ host: HOST, port });
    this.closers.push(() => link.close());
    return link;
  }

  async tap(): Promise<Wiretap> {
    const tap = await Wiretap.open(this.target);
    this.closers.push(() => tap.close());
    return tap;
  }

  onClose(close: () => Promise<void> | void): void {
    this.closers.push(close);
  }

  /** A client through `tap`, and the server's end of it. */
  async through(tap: Wiretap): Promise<{ client: Channel; server: Channel }> {
    const known = this.channels.length;
    const { channel } = await this.client(tap.port);
    await waitFor(() => this.channels.length > known);
    return { client: channel, server: this.channels.at(-1)! };
  }

  async close(): Promise<void> {
    for (const close of this.closers.reverse()) await close();
    await this.listener.close();
  }
}

/** Sockets give no other sign than time: looks again each turn of the loop. */
export async function waitFor(holds: () => boolean, limitMs = 30_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

export async function sendFile(channel: Channel, file: Uint8Array): Promise<void> {
  for (let at = 0; at < file.length;) {
    const slab = await channel.acquireSlab(65_536);
    const length = Math.min(slab.bytes.length, file.length - at);
    slab.bytes.set(file.subarray(at, at + length));
    await channel.sendData(slab, length);
    at += length;
  }
  channel.endData();
}

export async function receiveFile(channel: Channel): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const run = await channel.nextRun(65_536);
    if (run === undefined) throw new Error('ended before the file did');
    pieces.push(run.slab.bytes.slice(0, run.length));
    channel.releaseRun(run);
    if (run.end) return Buffer.concat(pieces);
  }
}

/** One message there and one file back: the connection is alive. */
export async function exchange(client: Channel, server: Channel, file: Uint8Array): Promise<void> {
  const [received] = await Promise.all([receiveFile(client), sendFile(server, file)]);
  if (Buffer.compare(received, file) !== 0) throw new Error('the file is another one');
  // The last acknowledgement may still be under way.
  await waitFor(() => server.stats().flightSizeBytes === 0);
}
