/** Many clients at once: how evenly they are served, and what each costs the server. Loopback. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { doneEvent, runClient, startServer } from '../lab/lftp.ts';
import type { Server } from '../lab/lftp.ts';
import { openLoopback } from '../lab/session.ts';
import { Crowd, MAX_PROCESSES } from './crowd/crowd.ts';
import { digestOf } from './crowd/digest-of.ts';
import { idleBytes } from './crowd/idle-memory.ts';
import { placesFor } from './crowd/places.ts';
import type { Fetched } from './crowd/protocol.ts';
import { lonelyShare } from './crowd/share.ts';
import { cell, filesEqual, median, megabits, withFolder, writeRandomFile } from './row.ts';
import type { Print, Row } from './row.ts';

export interface CrowdPlan {
  readonly clients: number;
  /** Of these, programs of their own: `lftp get`. */
  readonly programs: number;
  /** Clients that share the same bytes beside the crowd. */
  readonly few: number;
  readonly fileBytes: number;
  readonly rounds: number;
  readonly idleSessions: number;
}

const FULL: CrowdPlan = {
  clients: 1_000,
  programs: 20,
  few: 10,
  fileBytes: 1_048_576,
  rounds: 3,
  idleSessions: 4_000,
};

/** Different files, so that a mix-up of clients is noticed. */
const FILES = 16;
/** Sessions that come, fetch and go on both sides before anything is measured. */
const WARM_SESSIONS = 80;
const MAX_SLOWEST = 3;
const MIN_GOODPUT = 0.8;
const MAX_CPU = 1.5;
const MAX_IDLE_KIB = 16;
const LONELY_AMONG = 20;

interface Fetching {
  readonly files: readonly Fetched[];
  readonly megabits: number;
  readonly cpuSecondsPerGb: number;
}

class Bench {
  readonly root: string;
  private readonly plan: CrowdPlan;
  private readonly digests = new Map<string, string>();
  private readonly host = openLoopback().a;
  readonly small: readonly string[] = Array.from({ length: FILES }, (_, i) => `small-${i}`);

  constructor(folder: string, plan: CrowdPlan) {
    this.root = join(folder, 'server');
    this.plan = plan;
    mkdirSync(this.root);
  }

  get totalBytes(): number {
    return this.plan.clients * this.plan.fileBytes;
  }

  /** Writes the files that are served. */
  async prepare(): Promise<void> {
    const sizes = new Map(this.small.map((name) => [name, this.plan.fileBytes]));
    sizes.set('share', this.totalBytes / this.plan.few).set('all', this.totalBytes);
    for (const [name, sizeBytes] of sizes) {
      writeRandomFile(join(this.root, name), sizeBytes);
      this.digests.set(name, await digestOf(join(this.root, name)));
    }
  }

  private verify(files: readonly Fetched[]): void {
    for (const { name, digest } of files) {
      if (digest !== this.digests.get(name)) throw new Error(`${name} arrived as another file`);
    }
  }

  /** `count` new sessions, all open before the first asks; `meanwhile` runs from then on. */
  async fetch(
    count: number,
    names: readonly string[],
    meanwhile: (server: Server) => Promise<void> = () => Promise.resolve(),
  ): Promise<Fetching> {
    const server = await startServer(this.host, this.root, placesFor(this.plan.clients));
    const crowd = new Crowd(Math.min(count, MAX_PROCESSES));
    // A server that runs for a while has its code compiled, and so have programs that serve many.
    await crowd.open(this.host.address, server.port, WARM_SESSIONS);
    this.verify(await crowd.get(this.small));
    await crowd.leave();
    await crowd.open(this.host.address, server.port, count);
    const cpuBefore = server.usage().cpuSeconds;
    const startMs = performance.now();
    const [files] = await Promise.all([crowd.get(names), meanwhile(server)]);
    const seconds = (performance.now() - startMs) / 1000;
    const cpuSeconds = server.usage().cpuSeconds - cpuBefore;
    await crowd.close();
    await server.stop();
    this.verify(files);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const fetching = { files, megabits: megabits(bytes, seconds) };
    return { ...fetching, cpuSecondsPerGb: cpuSeconds / (bytes / 1e9) };
  }

  /** `lftp get` as people run it, while the crowd is at it. */
  async programs(folder: string, server: Server): Promise<number[]> {
    const one = async (_: unknown, index: number): Promise<number> => {
      const name = this.small[index % FILES] ?? '';
      const target = join(mkdtempSync(join(folder, 'client-')), name);
      const run = await runClient(this.host, ['get', server.url(name), target]);
      if (!filesEqual(join(this.root, name), target)) throw new Error(`${name} differs`);
      return doneEvent(run).seconds;
    };
    return Promise.all(Array.from({ length: this.plan.programs }, one));
  }
}

function verdict(what: string, met: boolean, print: Print): boolean {
  print(`${what}: ${met ? 'met' : 'MISSED'}`);
  return met;
}

async function evenness(
  bench: Bench,
  folder: string,
  plan: CrowdPlan,
  print: Print,
): Promise<boolean> {
  let programs: number[] = [];
  const { files } = await bench.fetch(plan.clients - plan.programs, bench.small, async (server) => {
    programs = await bench.programs(folder, server);
  });
  const all = [...files.map(({ seconds }) => seconds), ...programs];
  const [slowest, middle] = [Math.max(...all), median(all)];
  print(
    `${all.length} clients at once, ${programs.length} of them lftp get, ${plan.fileBytes} bytes ` +
      `each, every digest right: median ${middle.toFixed(2)} s, slowest ${slowest.toFixed(2)} s`,
  );
  const ratio = slowest / middle;
  const what = `slowest by median ${ratio.toFixed(2)}, at most ${MAX_SLOWEST}`;
  return verdict(what, ratio <= MAX_SLOWEST, print);
}

async function together(bench: Bench, plan: CrowdPlan, print: Print): Promise<boolean> {
  const runs = { many: [] as Fetching[], few: [] as Fetching[], one: [] as Fetching[] };
  print('clients      Mbit/s   server s/GB');
  const line = (count: number, { megabits: rate, cpuSecondsPerGb }: Fetching): void =>
    print(`${String(count).padStart(7)}${cell(rate, 12, 0)}${cell(cpuSecondsPerGb, 14, 2)}`);
  for (let round = 0; round < plan.rounds; round += 1) {
    runs.few.push(await bench.fetch(plan.few, ['share']));
    line(plan.few, runs.few.at(-1)!);
    runs.many.push(await bench.fetch(plan.clients, bench.small));
    line(plan.clients, runs.many.at(-1)!);
    runs.one.push(await bench.fetch(1, ['all']));
    line(1, runs.one.at(-1)!);
  }
  const rate = (list: readonly Fetching[]): number => median(list.map((run) => run.megabits));
  const cpu = (list: readonly Fetching[]): number => median(list.map((run) => run.cpuSecondsPerGb));
  const goodput = rate(runs.many) / rate(runs.few);
  const cost = cpu(runs.many) / cpu(runs.one);
  const goodputMet = verdict(
    `medians: goodput of ${plan.clients} clients by that of ${plan.few} ` +
      `${goodput.toFixed(2)}, at least ${MIN_GOODPUT}`,
    goodput >= MIN_GOODPUT,
    print,
  );
  const what = `server CPU per GB at ${plan.clients} clients by that at 1 ${cost.toFixed(2)}`;
  return verdict(`medians: ${what}, at most ${MAX_CPU}`, cost <= MAX_CPU, print) && goodputMet;
}

export async function measureClients(plan: CrowdPlan, print: Print): Promise<boolean> {
  return withFolder(async (folder) => {
    const bench = new Bench(folder, plan);
    await bench.prepare();
    const even = await evenness(bench, folder, plan, print);
    const fast = await together(bench, plan, print);
    const idle = await idleBytes(bench.root, plan.idleSessions);
    const small = verdict(
      `${plan.idleSessions} idle sessions: ${(idle / 1024).toFixed(1)} KiB of the server's heap ` +
        `and buffers each, at most ${MAX_IDLE_KIB}`,
      idle <= MAX_IDLE_KIB * 1024,
      print,
    );
    const share = await lonelyShare(bench.root, LONELY_AMONG);
    const least = 1 / (2 * (LONELY_AMONG + 1));
    const fair = verdict(
      `1 session of one source beside ${LONELY_AMONG} of another: ${(share * 100).toFixed(1)} % ` +
        `of all bytes, at least ${(least * 100).toFixed(1)}`,
      share >= least,
      print,
    );
    return even && fast && small && fair;
  });
}

export const clients: Row = {
  name: 'clients',
  about: '1,000 clients at once on loopback, 4,000 idle ones, and 20 against 1; needs no root',
  run: (print) => measureClients(FULL, print),
};
