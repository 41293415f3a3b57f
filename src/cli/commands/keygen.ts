/** `lftp keygen`: a key to log in with. */
import { hostname, userInfo } from 'node:os';
import { formatKeyLine } from '../../crypto/fingerprint.ts';
import { EXIT } from '../../service/error.ts';
import { defaultIdentityFile } from '../../service/identity/data-folders.ts';
import { fingerprintOf } from '../../service/identity/keys.ts';
import { commentFault, createIdentity } from '../../service/identity/secret-key-store.ts';
import type { CommandContext } from '../command-table.ts';
import { UsageError } from '../usage-error.ts';

export async function keygen({ flags, output }: CommandContext): Promise<number> {
  const comment = flags.comment ?? defaultComment();
  const fault = commentFault(comment);
  if (fault !== undefined) throw new UsageError(`the comment cannot stand behind a key: ${fault}`);
  const file = flags.file ?? defaultIdentityFile(process.env);
  const { publicKey } = await createIdentity(file, comment);
  const fingerprint = fingerprintOf(publicKey);
  const line = formatKeyLine(publicKey, comment);
  output.event('key', { file, publicFile: `${file}.pub`, fingerprint, line });
  output.say(`The secret key is in ${file}: keep it to yourself.`);
  output.say(`The public key is in ${file}.pub; give it to whoever keeps the server:`);
  if (!output.options.json) output.show(line);
  output.say(fingerprint);
  return EXIT.OK;
}

/** Only a hint for people who look after many keys. */
function defaultComment(): string {
  try {
    const text = `${userInfo().username}@${hostname()}`;
    return commentFault(text) === undefined ? text : 'lftp';
  } catch {
    // A user without a name, as containers have them.
    return 'lftp';
  }
}
