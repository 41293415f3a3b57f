/** What one file that is uploaded may take of the quotas over the place where it will be. */
import type { RemotePath } from '../path.ts';
import type { Folder } from '../store-walk.ts';
import type { Move, QuotaBook } from './quota-book.ts';
import { QuotaReservation } from './quota-ledger.ts';
import type { Usage } from './quota-ledger.ts';

export class UploadQuota {
  private readonly book: QuotaBook;
  private readonly path: RemotePath;
  private readonly folder: Folder;
  private readonly reservation = new QuotaReservation();
  /** What the file will replace, as far as it was looked at. */
  private replaced: { readonly bytes: number | undefined } | undefined;

  /**
   * @param path of the file, below the served folder
   * @param folder that it will be in, held open until the file has its name
   */
  constructor(book: QuotaBook, path: RemotePath, folder: Folder) {
    this.book = book;
    this.path = path;
    this.folder = folder;
  }

  /** Room for a file of so many bytes, before they are written. @throws LftpError 11 */
  async holds(sizeBytes: number): Promise<void> {
    if (!this.book.isOver(this.path)) return;
    this.replaced ??= { bytes: await this.standingBytes() };
    await this.book.raise(this.path, this.reservation, more(sizeBytes, this.replaced.bytes));
  }

  /**
   * Gives the file its name, and counts it.
   * @param sizeBytes what it has in the end
   * @throws LftpError 11; what `place` throws
   */
  async settle(sizeBytes: () => Promise<number>, place: () => Promise<void>): Promise<void> {
    const difference = async (): Promise<Usage> =>
      more(await sizeBytes(), await this.standingBytes());
    await this.book.settle(this.path, this.reservation, difference, place);
  }

  /** Of the file that stands there; undefined when there is none. */
  private async standingBytes(): Promise<number | undefined> {
    const stats = await this.folder.stat(this.path.at(-1) ?? '');
    return stats?.isFile() === true ? stats.size : undefined;
  }

  /** Gives back what was promised and not used. */
  release(): void {
    this.reservation.release();
  }
}

/** P-ACCT-06: a file that is replaced makes room for the one in its place. */
function more(sizeBytes: number, replacedBytes: number | undefined): Usage {
  return { bytes: sizeBytes - (replacedBytes ?? 0), files: replacedBytes === undefined ? 1 : 0 };
}

/** The quotas over what one client sees: everything that changes files for it tells them here. */
export class ViewQuota {
  private readonly book: QuotaBook;
  private readonly home: RemotePath;

  /** @param home what the client sees as `/`, below the served folder */
  constructor(book: QuotaBook, home: RemotePath) {
    this.book = book;
    this.home = home;
  }

  /** Of a file that will be at `path`, in `folder`. */
  upload(path: RemotePath, folder: Folder): UploadQuota {
    return new UploadQuota(this.book, [...this.home, ...path], folder);
  }

  /** @param remove takes away what is at `path`, and tells what that was */
  async remove(path: RemotePath, remove: () => Promise<Usage>): Promise<void> {
    await this.book.change([...this.home, ...path], async () => {
      const { bytes, files } = await remove();
      return { bytes: -bytes, files: -files };
    });
  }

  /** @throws LftpError 11; what `parts` throw */
  async move(from: RemotePath, to: RemotePath, parts: Move): Promise<void> {
    await this.book.move([...this.home, ...from], [...this.home, ...to], parts);
  }
}
