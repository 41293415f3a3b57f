import { describe, expect, it } from 'vitest';
import { QuotaBook } from '../../../../src/service/accounts/quota-book.ts';
import type { HomeQuota } from '../../../../src/service/accounts/quota-book.ts';
import { QuotaReservation } from '../../../../src/service/accounts/quota-ledger.ts';
import type { Usage } from '../../../../src/service/accounts/quota-ledger.ts';
import { EXIT, LftpError } from '../../../../src/service/error.ts';
import type { RemotePath } from '../../../../src/service/path.ts';
import { SeededRandom } from '../../../../src/util/random.ts';

const HOMES: readonly RemotePath[] = [[], ['a'], ['a', 'b'], ['c']];
const PATHS: readonly RemotePath[] = HOMES.flatMap((home) =>
  ['x', 'y', 'z'].map((name) => [...home, name]),
);

/** A disk whose calls take a while, and users that do whatever comes to their mind. */
class World {
  readonly files = new Map<string, number>();
  readonly book = new QuotaBook((home) => this.count(home));
  refused = 0;
  private readonly random: SeededRandom;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** A walk that looks at one name after the other. */
  private async count(home: RemotePath): Promise<Usage> {
    const usage = { bytes: 0, files: 0 };
    for (const path of PATHS) {
      await this.pause();
      const bytes = this.files.get(path.join('/'));
      if (bytes === undefined || !home.every((name, index) => path[index] === name)) continue;
      usage.bytes += bytes;
      usage.files += 1;
    }
    return usage;
  }

  async pause(): Promise<void> {
    for (let turns = this.random.integer(0, 4); turns > 0; turns -= 1) await Promise.resolve();
  }

  setQuotas(): void {
    const quotas = HOMES.filter(() => this.random.chance(0.7)).map((home): HomeQuota => {
      const quota = { bytes: this.random.integer(100, 600), files: this.random.integer(2, 12) };
      return { home, quota };
    });
    this.book.set(quotas);
  }

  private path(): RemotePath {
    return PATHS[this.random.integer(0, PATHS.length - 1)] ?? [];
  }

  private sizeOf(path: RemotePath): Usage {
    const bytes = this.files.get(path.join('/'));
    return { bytes: bytes ?? 0, files: bytes === undefined ? 0 : 1 };
  }

  async step(): Promise<void> {
    const kind = this.random.integer(0, 9);
    try {
      if (kind < 6) await this.upload(this.path(), this.random.integer(0, 120));
      else if (kind < 8) await this.remove(this.path());
      else await this.rename(this.path(), this.path());
    } catch (error) {
      if (!(error instanceof LftpError)) throw error;
      expect(error.code).toBe(EXIT.NO_SPACE);
      this.refused += 1;
    }
  }

  private async upload(path: RemotePath, bytes: number): Promise<void> {
    const reservation = new QuotaReservation();
    const more = (): Usage => {
      const { bytes: old, files } = this.sizeOf(path);
      return { bytes: bytes - old, files: 1 - files };
    };
    try {
      await this.book.raise(path, reservation, more());
      await this.pause();
      if (this.random.chance(0.1)) return;
      const difference = async (): Promise<Usage> => {
        await this.pause();
        return more();
      };
      await this.book.settle(path, reservation, difference, async () => {
        await this.pause();
        this.files.set(path.join('/'), bytes);
        await this.pause();
      });
    } finally {
      reservation.release();
    }
  }

  private async remove(path: RemotePath): Promise<void> {
    await this.book.change(path, async () => {
      await this.pause();
      const { bytes, files } = this.sizeOf(path);
      this.files.delete(path.join('/'));
      await this.pause();
      return { bytes: -bytes, files: -files };
    });
  }

  private async rename(from: RemotePath, to: RemotePath): Promise<void> {
    if (from === to) return;
    const gone = new LftpError(EXIT.NO_SPACE, 'local', 'there is nothing');
    const size = async (path: RemotePath): Promise<Usage> => {
      await this.pause();
      return this.sizeOf(path);
    };
    await this.book.move(from, to, {
      held: () => size(from),
      replaced: () => size(to),
      move: async () => {
        await this.pause();
        const bytes = this.files.get(from.join('/'));
        if (bytes === undefined) throw gone;
        this.files.delete(from.join('/'));
        this.files.set(to.join('/'), bytes);
      },
    });
  }
}

describe('quotas of homes that lie in each other', () => {
  it.each([1, 2, 3, 4])(
    'P-ACCT-05 equal a recount after 2,500 operations, seed %i',
    async (seed) => {
      const world = new World(seed);
      world.setQuotas();
      for (let round = 0; round < 50; round += 1) {
        const steps = Array.from({ length: 50 }, () => world.step());
        // Quotas come and go while changes are under way.
        if (round % 5 === 0) world.setQuotas();
        await Promise.all(steps);
        for (const home of HOMES) {
          const ledger = await world.book.usage(home);
          if (ledger === undefined) continue;
          const inside = [...world.files].filter(([path]) => path.startsWith(home.join('/')));
          const bytes = inside.reduce((sum, [, size]) => sum + size, 0);
          expect(ledger.used).toEqual({ bytes, files: inside.length });
          expect(ledger.reserved).toEqual({ bytes: 0, files: 0 });
        }
      }
      expect(world.refused).toBeGreaterThan(50);
      expect(world.files.size).toBeGreaterThan(2);
    },
  );

  it('are the smallest of what several accounts of one home have', async () => {
    const book = new QuotaBook(() => Promise.resolve({ bytes: 5, files: 1 }));
    book.set([
      { home: ['a'], quota: { bytes: 10, files: 9 } },
      { home: ['a'], quota: { bytes: 90, files: 3 } },
    ]);
    expect((await book.usage(['a']))?.free).toEqual({ bytes: 5, files: 2 });
    expect(await book.usage(['b'])).toBe(undefined);
    expect(book.isOver(['a', 'x'])).toBe(true);
    expect(book.isOver(['ab', 'x'])).toBe(false);
    book.set([]);
    expect(book.size).toBe(0);
  });
});
