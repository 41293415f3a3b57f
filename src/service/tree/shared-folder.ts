/** A folder that several hold: a walk, files that are being opened, a group not yet flushed. */
import type { Folder } from '../store-walk.ts';

export class SharedFolder {
  readonly folder: Folder;
  /** Number of its file system: one flush does for all that lies on the same. */
  readonly device: number;
  /** Made by this transfer: whatever stands in it came with the transfer too. */
  readonly isNew: boolean;
  private holders = 1;

  constructor(folder: Folder, device: number, isNew = false) {
    this.folder = folder;
    this.device = device;
    this.isNew = isNew;
  }

  /** @returns itself; one more {@link release} is due */
  share(): this {
    this.holders += 1;
    return this;
  }

  /** The last one closes it. Never rejects. */
  async release(): Promise<void> {
    this.holders -= 1;
    if (this.holders === 0) await this.folder.close().catch(() => undefined);
  }
}
