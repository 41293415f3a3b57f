/** The next step after an error, for those whose error did not bring one. */
import { EXIT } from '../service/error.ts';
import type { LftpError } from '../service/error.ts';

const LOCAL_STEPS = new Map<number, string>([
  [EXIT.OTHER, 'Run it again with -v to see more.'],
  [EXIT.USAGE, 'lftp --help shows what there is.'],
  [EXIT.INTERRUPTED, ''],
  [EXIT.TERMINATED, ''],
  [EXIT.VERIFICATION, 'Nothing was kept. Run the command again.'],
  [EXIT.LOCAL_IO, 'Check the name and its permissions.'],
]);

const REMOTE_STEPS = new Map<number, string>([
  [EXIT.OTHER, 'The log of the server says more.'],
  [EXIT.MISSING, 'Check the name, also its capital letters.'],
  [EXIT.TEMPORARY, 'Try again in a while.'],
  [
    EXIT.LOGIN,
    'Check the name, the password or the key, or ask for an account; it is written NAME@HOST.',
  ],
  [
    EXIT.REFUSED,
    'Only files in the served folder can be had; uploads need a server with --anonymous=rw.',
  ],
  [EXIT.NO_SPACE, 'Somebody has to free space there, or send a smaller file.'],
  [EXIT.VERIFICATION, 'Nothing was kept. Run the command again.'],
  [EXIT.PROTOCOL, 'Both sides must run versions that speak the same protocol.'],
  [EXIT.REMOTE_IO, 'The disk of the server failed; its log says more.'],
  [EXIT.SOURCE_CHANGED, 'Run it again once nothing writes to the file.'],
  [EXIT.EXISTS, 'Choose another name, or allow it with --overwrite=always.'],
  [EXIT.BUSY, 'Try again in a while.'],
]);

/** A sentence, or nothing where there is nothing to be done. */
export function nextStep(error: LftpError): string {
  if (error.hint !== undefined) return error.hint;
  const steps = error.where === 'local' ? LOCAL_STEPS : REMOTE_STEPS;
  return steps.get(error.code) ?? 'Run it again with -v to see more.';
}
