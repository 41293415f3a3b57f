/**
 * What one client sees of the served folder: the only way from a path of the wire to a file.
 *
 * Every path is checked, then walked from one held handle (store-walk.ts). Only regular files are
 * read or replaced (P-SVC-06). Unfinished uploads live in ROOT/.lftp-udp/partial, which no path can
 * name.
 */
import { openHome } from './accounts/home-store.ts';
import type { LftpError } from './error.ts';
import type { Access } from './access.ts';
import type { Principal } from './login/principal.ts';
import { ViewQuota } from './accounts/upload-quota.ts';
import type { OverwriteRule } from './messages.ts';
import { checkPath, pathText } from './path.ts';
import type { RemotePath } from './path.ts';
import { INCOMING, may, refusal } from './rights.ts';
import type { Right, RightsHolder } from './rights.ts';
import type { KeptFile } from './resume/kept-file-store.ts';
import { rememberedUpload } from './resume/uploads-store.ts';
import type { TransferKey } from './resume/uploads-store.ts';
import { droppedError, notIncomingError, readOnlyError } from './store-refusals.ts';
import { keptFolderError, servedFileError } from './store-errors.ts';
import { OpenFile, statOf } from './store-source.ts';
import { checkTarget, folderError, specialError, stage } from './store-stage.ts';
import type { Target } from './store-stage.ts';
import type { StagedFile } from './store-staged.ts';
import type { ServedTree } from './store-tree.ts';
import { type Folder, walk } from './store-walk.ts';
import { openSourceTree, openTargetTree } from './tree/tree-served-store.ts';
import type { SourceTree, TargetTree, TreeOffer } from './tree/tree-served-store.ts';

export interface UploadOffer {
  readonly path: RemotePath;
  /** Name to take when `path` is a folder (P-SVC-14). */
  readonly name: string | undefined;
  readonly sizeBytes: number | null;
  readonly mtimeMs: number;
  readonly overwrite: OverwriteRule;
  /** Permissions to give the file, with its time; undefined for those of a new file. */
  readonly keepMode: number | undefined;
  /** Present: what comes may be kept, and gone on with. */
  readonly transfer?: Transfer | undefined;
}

/** Which transfer an upload is. */
export type Transfer = Omit<TransferKey, 'owner'>;

/** Whose view of the served folder a store is. */
export type StoreOwner = Pick<Principal, 'home'> & RightsHolder;

export interface Upload {
  readonly file: StagedFile | KeptFile;
  /** Where it will be. */
  readonly path: RemotePath;
  /** What an earlier try left of it. */
  readonly held?: KeptFile | undefined;
}

/** An upload that is committed already. */
export interface Remembered {
  readonly digest: Uint8Array;
  readonly path: RemotePath;
}

export class Store {
  private readonly tree: ServedTree;
  /** What is seen as `/`. */
  readonly root: Folder;
  readonly owner: StoreOwner;
  readonly quota: ViewQuota;

  private constructor(tree: ServedTree, root: Folder, owner: StoreOwner) {
    this.tree = tree;
    this.root = root;
    this.owner = owner;
    this.quota = new ViewQuota(tree.quotas, owner.home ?? []);
  }

  get access(): Access {
    return this.owner.access;
  }

  /**
   * What `principal` sees of the served folder; its home is made if it is missing (P-LOGIN-12).
   * @throws LftpError 10, 11, 14, 15, 21
   */
  static async open(tree: ServedTree, owner: StoreOwner): Promise<Store> {
    const { home, access } = owner;
    const root = home === undefined ? tree.root : await openHome(tree.root, home, keptFolderError);
    try {
      if (access !== 'ro') await tree.openPartial(keptFolderError);
      if (access === 'drop') await root.make(INCOMING, 0o700);
      return new Store(tree, root, owner);
    } catch (error) {
      if (root !== tree.root) await root.close();
      throw keptFolderError(error, pathText(home ?? []));
    }
  }

  /** @throws LftpError 4, 10, 15, 21 */
  async openForRead(path: RemotePath): Promise<OpenFile> {
    checkPath(path);
    const refused = this.readRefusal(path, 'read');
    if (refused !== undefined) throw refused;
    const name = path.at(-1);
    if (name === undefined) throw folderError(path);
    const release = this.tree.hold();
    const wrap = (error: unknown): LftpError => servedFileError(error, pathText(path));
    try {
      const folder = await walk(this.root, path.slice(0, -1));
      try {
        const handle = await folder.openFile(name);
        const stats = await statOf(folder.fileSystem, handle);
        if (stats.isFile()) return new OpenFile(folder.fileSystem, handle, stats, wrap, release);
        await handle.close();
        throw stats.isDirectory() ? folderError(path) : specialError(path);
      } finally {
        await folder.close();
      }
    } catch (error) {
      release();
      throw wrap(error);
    }
  }

  /** @throws LftpError 4, 10, 11, 15, 18, 21 */
  async createUpload(offer: UploadOffer): Promise<Upload> {
    checkPath(offer.path);
    if (this.access === 'ro') throw readOnlyError(offer.path);
    if (this.access === 'drop') return await this.drop(offer);
    return await this.create(offer);
  }

  /** What became of a transfer that was committed before its client could hear of it. */
  async remembered(transfer: Transfer): Promise<Remembered | undefined> {
    if (this.access === 'ro') return undefined;
    const partial = await this.tree.openPartial(keptFolderError);
    const found = await rememberedUpload(partial, { ...transfer, owner: this.ownerName });
    return found && { digest: found.digest, path: found.remote.split('/').slice(1) };
  }

  /** The folder that it sees as `/`: nobody else goes on with its uploads. */
  private get ownerName(): string {
    return this.owner.home === undefined ? '' : pathText(this.owner.home);
  }

  /** Whoever drops a file replaces none: he could not know what it was. */
  private async drop(offer: UploadOffer): Promise<Upload> {
    if (offer.path[0] !== INCOMING) throw notIncomingError(offer.path);
    return await this.create({ ...offer, overwrite: 'never' });
  }

  private async create(offer: UploadOffer): Promise<Upload> {
    const inside = offer.name === undefined ? offer.path : [...offer.path, offer.name];
    // Before anything is looked up: who may do nothing here learns nothing about it.
    if (!may(this.owner, 'write', inside)) this.requireWrite(offer.path);
    const partial = await this.tree.openPartial(keptFolderError);
    const release = this.tree.hold();
    try {
      const target = await this.findTarget(offer);
      const quota = this.quota.upload(target.path, target.folder);
      const key = offer.transfer && { ...offer.transfer, owner: this.ownerName };
      const staged = await stage(partial, target, offer, quota, this.tree.space, release, key);
      return { ...staged, path: target.path };
    } catch (error) {
      release();
      throw servedFileError(error, pathText(offer.path));
    }
  }

  /**
   * A folder with all that is in it, or undefined if a file is at `path`; the caller releases it.
   * @throws LftpError 4, 10, 15
   */
  async openTree(path: RemotePath): Promise<SourceTree | undefined> {
    checkPath(path);
    // A file that is asked for like a tree need not stand in a folder that may be listed.
    const right = may(this.owner, 'read', path) ? 'read' : 'list';
    const refused = this.readRefusal(path, right);
    if (refused !== undefined) throw refused;
    return await openSourceTree(this.root, path, (inside, isFile) =>
      this.readRefusal(inside, isFile ? 'read' : 'list'),
    );
  }

  /** Place of an uploaded tree (P-TREE-11); the caller releases it. @throws LftpError 4, 10, 15 */
  async createTree(offer: TreeOffer): Promise<TargetTree> {
    checkPath(offer.path);
    if (this.access === 'ro') throw readOnlyError(offer.path);
    const isDrop = this.access === 'drop';
    if (isDrop && offer.path[0] !== INCOMING) throw notIncomingError(offer.path);
    const overwrite = isDrop ? 'never' : offer.overwrite;
    const partial = await this.tree.openPartial(keptFolderError);
    return await openTargetTree(
      this.root,
      partial,
      { ...offer, overwrite },
      {
        refusal: (right, path) => refusal(this.owner, right, path),
        quota: (path, folder) => this.quota.upload(path, folder),
        space: this.tree.space,
      },
    );
  }

  /** Counts a tree that is open; the result ends that, once. @throws LftpError 21 */
  hold(): () => void {
    return this.tree.hold();
  }

  private readRefusal(path: RemotePath, right: Right): LftpError | undefined {
    const refused = refusal(this.owner, right, path);
    // What was dropped is not handed out.
    return refused !== undefined && this.access === 'drop' ? droppedError(path) : refused;
  }

  private requireWrite(path: RemotePath): void {
    const refused = refusal(this.owner, 'write', path);
    if (refused !== undefined) throw refused;
  }

  async close(): Promise<void> {
    if (this.root !== this.tree.root) await this.root.close();
  }

  private async findTarget(offer: UploadOffer): Promise<Target> {
    const last = offer.path.at(-1);
    let folder = await walk(this.root, offer.path.slice(0, -1));
    try {
      const stats = last === undefined ? undefined : await folder.stat(last);
      if (last !== undefined && !stats?.isDirectory()) {
        this.requireWrite(offer.path);
        checkTarget(offer, offer.path, stats);
        return { folder, name: last, path: offer.path };
      }
      if (offer.name === undefined) throw folderError(offer.path);
      const path = [...offer.path, offer.name];
      checkPath(path);
      this.requireWrite(path);
      if (last !== undefined) {
        const parent = folder;
        folder = await parent.openFolder(last);
        await parent.close();
      }
      checkTarget(offer, path, await folder.stat(offer.name));
      return { folder, name: offer.name, path };
    } catch (error) {
      await folder.close().catch(() => undefined);
      throw error;
    }
  }
}
