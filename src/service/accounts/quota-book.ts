/**
 * The quotas of all homes below one served folder. A home is counted when it is first asked about,
 * and from then on every change is told here, by whoever makes it: so what is known is what a
 * recount would find, also after a crash, because nothing of it is remembered across a start.
 *
 * Homes may lie in each other: a file counts in each that it is in, whoever brought it.
 */
import { EXIT, LftpError } from '../error.ts';
import { pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { NOTHING, QuotaLedger, QuotaReservation } from './quota-ledger.ts';
import type { Quota, Usage } from './quota-ledger.ts';

export interface HomeQuota {
  /** Below the served folder. */
  readonly home: RemotePath;
  readonly quota: Quota;
}

class Home {
  readonly path: RemotePath;
  quota: Quota;
  /** Undefined until it has been counted. */
  ledger: QuotaLedger | undefined;
  counting: Promise<void> | undefined;

  constructor(path: RemotePath, quota: Quota) {
    this.path = path;
    this.quota = quota;
  }
}

/** How something gets another name. */
export interface Move {
  readonly move: () => Promise<void>;
  /** What it holds; asked only where homes differ. */
  readonly held: () => Promise<Usage>;
  /** What goes because of it; asked only where there is a quota. */
  readonly replaced: () => Promise<Usage>;
}

/** A change of one path, or of two. */
interface Turn {
  /** Resolves when it is over, and all before it are. */
  readonly settled: Promise<unknown>;
  /** Whether what it sees of the path may not change meanwhile. */
  readonly isCounted: boolean;
}

export class QuotaBook {
  private readonly count: (home: RemotePath) => Promise<Usage>;
  private homes = new Map<string, Home>();
  /** Changes of files that are being made at this moment. */
  private readonly underWay = new Set<Promise<unknown>>();
  /** The last change of each path that is being changed. */
  private readonly turns = new Map<string, Turn>();

  /** @param count what lies in a home, by looking */
  constructor(count: (home: RemotePath) => Promise<Usage>) {
    this.count = count;
  }

  /** Homes that have a quota. */
  get size(): number {
    return this.homes.size;
  }

  /** The quotas as they are now; of several for one home the smallest counts. */
  set(quotas: readonly HomeQuota[]): void {
    const homes = new Map<string, Home>();
    for (const { home: path, quota } of quotas) {
      const key = path.join('/');
      const added = homes.get(key);
      const home = added ?? this.homes.get(key) ?? new Home(path, quota);
      home.quota = added === undefined ? quota : smaller(added.quota, quota);
      if (home.ledger !== undefined) home.ledger.quota = home.quota;
      homes.set(key, home);
    }
    this.homes = homes;
  }

  /** What a home holds, and may hold; undefined without a quota. @throws LftpError */
  async usage(home: RemotePath): Promise<QuotaLedger | undefined> {
    const found = this.homes.get(home.join('/'));
    if (found === undefined) return undefined;
    await this.counted([found]);
    return found.ledger;
  }

  /**
   * Raises what an upload is promised, before its bytes are written.
   * @param path of the file, below the served folder
   * @throws LftpError 11, telling what is missing
   */
  async raise(path: RemotePath, reservation: QuotaReservation, wanted: Usage): Promise<void> {
    let ledgers = this.ledgersOver([path]);
    for (; ledgers === undefined; ledgers = this.ledgersOver([path])) await this.countOver([path]);
    const full = reservation.raise(ledgers.flat(), wanted);
    if (full !== undefined) throw quotaError(full, reservation.held, wanted, path);
  }

  /**
   * Makes a change of what `path` names, one after the other for each path, and counts it.
   * @param work does it, and tells how the homes that `path` lies in have changed by it
   */
  async change(path: RemotePath, work: () => Promise<Usage>): Promise<void> {
    await this.take([path], async ([ledgers = []]) => {
      const difference = await work();
      for (const ledger of ledgers) ledger.change(difference);
    });
  }

  /**
   * Gives what was uploaded its name, and counts it in place of what was promised.
   * @param difference what the file is more than what it replaces; asked when nobody else changes
   *   that, and where there is a quota
   * @throws LftpError 11 when what is replaced became so much smaller that the file fits no more;
   *   what `place` throws
   */
  async settle(
    path: RemotePath,
    reservation: QuotaReservation,
    difference: () => Promise<Usage>,
    place: () => Promise<void>,
  ): Promise<void> {
    await this.take([path], async ([ledgers = []]) => {
      const isCounted = ledgers.length > 0 || reservation.isHeld;
      const change = isCounted ? await difference() : NOTHING;
      const full = reservation.raise(ledgers, change);
      if (full !== undefined) throw quotaError(full, reservation.held, change, path);
      await place();
      reservation.settle(change);
    });
  }

  /**
   * A file or folder gets another name: what it holds goes from the homes around `from` to those
   * around `to`.
   * @throws LftpError 11; what `parts` throw
   */
  async move(from: RemotePath, to: RemotePath, parts: Move): Promise<void> {
    await this.take([from, to], async ([sources = [], targets = []]) => {
      const entered = targets.filter((one) => !sources.includes(one));
      const left = sources.filter((one) => !targets.includes(one));
      const moved = entered.length + left.length > 0 ? await parts.held() : NOTHING;
      const gone = targets.length > 0 ? await parts.replaced() : NOTHING;
      const net = { bytes: moved.bytes - gone.bytes, files: moved.files - gone.files };
      const reservation = new QuotaReservation();
      const full = reservation.raise(entered, net);
      if (full !== undefined) throw quotaError(full, reservation.held, net, to);
      try {
        await parts.move();
        for (const ledger of targets) ledger.change(minus(gone));
        for (const ledger of left) ledger.change(minus(moved));
        for (const ledger of entered) ledger.change(moved);
      } finally {
        reservation.release();
      }
    });
  }

  /** Whether a quota counts what lies at `path`. */
  isOver(path: RemotePath): boolean {
    return this.homesOver(path).length > 0;
  }

  /** One change after the other for each path, and none while a home of it is counted. */
  private async take(
    paths: readonly RemotePath[],
    work: (ledgers: readonly (readonly QuotaLedger[])[]) => Promise<void>,
  ): Promise<void> {
    let ledgers = this.ledgersOver(paths);
    // From the last look to the registration nothing may wait, or a counting could miss it.
    for (; ledgers === undefined; ledgers = this.ledgersOver(paths)) await this.countOver(paths);
    const over = ledgers;
    const keys = paths.map((path) => path.join('/'));
    const earlier = keys.flatMap((key) => this.turns.get(key) ?? []);
    const before = Promise.all(earlier.map(({ settled }) => settled));
    // Where nothing is counted, the file system alone decides who comes first.
    const isCounted = over.some((of) => of.length > 0) || earlier.some((one) => one.isCounted);
    const run = isCounted ? before.then(() => work(over)) : work(over);
    const turn = { settled: Promise.allSettled([before, run]), isCounted };
    for (const key of keys) this.turns.set(key, turn);
    this.underWay.add(turn.settled);
    // Also when others before it are still at it: who comes then waits for all of them.
    void turn.settled.then(() => {
      this.underWay.delete(turn.settled);
      for (const key of keys) if (this.turns.get(key) === turn) this.turns.delete(key);
    });
    await run;
  }

  /** Of the homes that each path lies in; undefined while one is not counted. */
  private ledgersOver(
    paths: readonly RemotePath[],
  ): readonly (readonly QuotaLedger[])[] | undefined {
    const homes = paths.map((path) => this.homesOver(path));
    if (homes.some((over) => over.some(({ ledger }) => ledger === undefined))) return undefined;
    return homes.map((over) => over.flatMap(({ ledger }) => ledger ?? []));
  }

  private async countOver(paths: readonly RemotePath[]): Promise<void> {
    await this.counted(paths.flatMap((path) => this.homesOver(path)));
  }

  private homesOver(path: RemotePath): readonly Home[] {
    if (this.homes.size === 0) return [];
    const depths = Array.from({ length: path.length + 1 }, (_, depth) => depth);
    return depths.flatMap((depth) => this.homes.get(path.slice(0, depth).join('/')) ?? []);
  }

  private async counted(homes: readonly Home[]): Promise<void> {
    for (const home of homes) {
      home.counting ??= this.countHome(home).finally(() => {
        home.counting = undefined;
      });
      if (home.ledger === undefined) await home.counting;
    }
  }

  private async countHome(home: Home): Promise<void> {
    if (home.ledger !== undefined) return;
    // What began before the home had a quota is not told to it: so it is seen by the counting.
    await Promise.all(this.underWay);
    home.ledger = new QuotaLedger(home.quota, await this.count(home.path));
    home.ledger.quota = home.quota;
  }
}

function smaller(a: Quota, b: Quota): Quota {
  return { bytes: Math.min(a.bytes, b.bytes), files: Math.min(a.files, b.files) };
}

function minus({ bytes, files }: Usage): Usage {
  return { bytes: -bytes, files: -files };
}

function quotaError(ledger: QuotaLedger, held: Usage, wanted: Usage, path: RemotePath): LftpError {
  const { free } = ledger;
  const missingBytes = wanted.bytes - held.bytes - free.bytes;
  const text =
    missingBytes > 0
      ? `the quota is short of ${missingBytes} bytes: ${free.bytes} are left`
      : 'the quota has no room for another file';
  return new LftpError(EXIT.NO_SPACE, 'local', text, {
    path: pathText(path),
    hint: 'Delete something, or ask whoever runs the server for more.',
  });
}
