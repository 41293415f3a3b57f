/** Names and homes of accounts. */
import { displayText } from '../display.ts';
import { EXIT, LftpError } from '../error.ts';
import { MAX_ACCOUNT_NAME } from '../limits.ts';
import { pathFault } from '../path.ts';
import type { RemotePath } from '../path.ts';

/** Who comes without an account goes by this name. */
export const ANONYMOUS = 'anonymous';

/** The reason why nobody can be called `name`, or undefined. */
export function accountNameFault(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name.length > MAX_ACCOUNT_NAME) return `it is longer than ${MAX_ACCOUNT_NAME} letters`;
  if (/^[.-]/.test(name)) return 'it starts with a dot or a dash';
  if (name === ANONYMOUS) return 'it stands for those without an account';
  if (/^[a-z0-9._-]+$/.test(name)) return undefined;
  return 'it is not made of small letters, digits, dots, dashes and underscores';
}

/** @throws LftpError 2 */
export function checkAccountName(name: string): void {
  const fault = accountNameFault(name);
  if (fault === undefined) return;
  const text = `no account can be called "${displayText(name, 100)}": ${fault}`;
  throw new LftpError(EXIT.USAGE, 'local', text, { hint: 'Take a name such as alice or build-2.' });
}

/**
 * A home as typed, relative to the served folder: `team/alice`; `/` is the served folder itself.
 * @throws LftpError 2
 */
export function parseHome(text: string): RemotePath {
  const home = text.split('/').filter((part, index, all) => {
    // A slash in front or at the end says nothing here.
    return part !== '' || (index !== 0 && index !== all.length - 1);
  });
  const fault = text === '' ? 'it is empty' : pathFault(home);
  if (fault === undefined) return home;
  throw new LftpError(EXIT.USAGE, 'local', `the home "${displayText(text, 100)}" has ${fault}`, {
    hint: 'Name a folder inside the served one, without . or .. in it.',
  });
}
