/**
 * The bench's server: the file server of `lftp serve`, sealed, in a process of its own. It reads
 * its one client's connection every few milliseconds, for the plots. This file is both sides.
 */
import { randomBytes } from 'node:crypto';
import { SEALED } from '../../io/security.ts';
import { Penalties } from '../../service/accounts/penalties.ts';
import { NO_LOG } from '../../service/log.ts';
import { AttachTokens } from '../../service/login/attach-tokens.ts';
import { Logins } from '../../service/login/logins.ts';
import { FileServer } from '../../service/server.ts';
import type { TransferChannel } from '../../service/transfer-channel.ts';
import type { ControllerName } from '../../transport/config.ts';
import type { ConnectionStats } from '../../transport/types.ts';
import { programVersion } from '../version.ts';
import { Child, isProgram, serveParent, tellParent } from './child.ts';
import { READING_INTERVAL_MS, SenderRecorder } from './run.ts';
import type { SenderCurves } from './run.ts';
import { sharedNowMs } from './shared-clock.ts';

type Order =
  | { readonly kind: 'start'; readonly root: string; readonly controller: ControllerName }
  | { readonly kind: 'report' };

interface Listening {
  readonly kind: 'listening';
  readonly port: number;
}

export interface ServerReport {
  readonly kind: 'report';
  /** The last reading; undefined: no client came. */
  readonly stats: ConnectionStats | undefined;
  /** Since it listens. */
  readonly cpuSeconds: number;
  /** Times by {@link sharedNowMs}. */
  readonly curves: SenderCurves;
}

type Answer = Listening | ServerReport;

/** The parent's side. */
export class ServerProcess {
  private readonly child: Child<Answer>;
  readonly port: number;

  private constructor(child: Child<Answer>, port: number) {
    this.child = child;
    this.port = port;
  }

  /** Serves `root` on a free port of loopback. */
  static async start(root: string, controller: ControllerName): Promise<ServerProcess> {
    const child = new Child<Answer>(import.meta.url, 'server');
    try {
      const order: Order = { kind: 'start', root, controller };
      const { port } = await child.ask(order, (answer) => answer.kind === 'listening');
      return new ServerProcess(child, port);
    } catch (error) {
      await child.end();
      throw error;
    }
  }

  async report(): Promise<ServerReport> {
    return await this.child.ask({ kind: 'report' }, (answer) => answer.kind === 'report');
  }

  async end(): Promise<void> {
    await this.child.end();
  }
}

/** The child's side. */
class BenchServer {
  private readonly recorder = new SenderRecorder();
  private channel: TransferChannel | undefined;
  private cpuBefore = process.cpuUsage();

  async start(root: string, controller: ControllerName): Promise<void> {
    const server = await FileServer.start({
      root,
      security: SEALED,
      logins: new Logins({
        accounts: undefined,
        anonymous: 'ro',
        penalties: new Penalties(),
        tokens: new AttachTokens(),
        nowMs: () => performance.now(),
        randomBytes: (count) => new Uint8Array(randomBytes(count)),
      }),
      host: '127.0.0.1',
      port: 0,
      maxClients: 4,
      maxPatienceMs: Infinity,
      config: { controller },
      log: NO_LOG,
      version: programVersion(),
    });
    setInterval(() => this.read(server), READING_INTERVAL_MS);
    this.cpuBefore = process.cpuUsage();
    tellParent({ kind: 'listening', port: server.address.port } satisfies Listening);
  }

  report(): void {
    const { user, system } = process.cpuUsage(this.cpuBefore);
    const report: ServerReport = {
      kind: 'report',
      stats: this.channel?.stats(),
      cpuSeconds: (user + system) / 1e6,
      curves: this.recorder.curves(),
    };
    tellParent(report);
  }

  private read(server: FileServer): void {
    this.channel ??= [...server.clients()][0];
    if (this.channel === undefined || this.channel.isClosed) return;
    this.recorder.add(sharedNowMs(), this.channel.stats());
  }
}

if (isProgram(import.meta.url)) {
  const server = new BenchServer();
  serveParent(async (message) => {
    const order = message as Order;
    if (order.kind === 'start') await server.start(order.root, order.controller);
    else server.report();
  });
}
