/** The file of `--report`: whether it can be written is known before the first run. */
import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { systemCode } from '../../service/error.ts';
import { localFileError } from '../../service/store-errors.ts';

export class ReportFile {
  private readonly path: string;
  /** The file was not there before. */
  private readonly isOurs: boolean;
  private isWritten = false;
  private readonly onExit = (): void => this.forget();

  /** @throws LftpError 14, 10, 11 */
  constructor(path: string) {
    this.path = path;
    this.isOurs = this.touch();
    // An interrupted bench leaves no empty page behind.
    process.on('exit', this.onExit);
  }

  /** @throws LftpError 14, 11 */
  write(text: string): void {
    try {
      writeFileSync(this.path, text);
      this.isWritten = true;
    } catch (error) {
      throw localFileError(error, this.path);
    }
  }

  /** Takes an empty file away that nothing was written to. */
  close(): void {
    process.off('exit', this.onExit);
    this.forget();
  }

  private forget(): void {
    if (this.isWritten || !this.isOurs) return;
    this.isWritten = true;
    try {
      unlinkSync(this.path);
    } catch {
      // Somebody else took it away.
    }
  }

  /** @returns whether the file is new */
  private touch(): boolean {
    try {
      closeSync(openSync(this.path, 'wx'));
      return true;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw localFileError(error, this.path);
    }
    try {
      closeSync(openSync(this.path, 'r+'));
      return false;
    } catch (error) {
      throw localFileError(error, this.path);
    }
  }
}
