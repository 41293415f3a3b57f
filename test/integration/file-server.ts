/** A file server inside this process, on loopback, to which everybody may read and write. */
import { randomBytes } from 'node:crypto';
import { SEALED } from '../../src/io/security.ts';
import { Penalties } from '../../src/service/accounts/penalties.ts';
import { NO_LOG } from '../../src/service/log.ts';
import { AttachTokens } from '../../src/service/login/attach-tokens.ts';
import { Logins } from '../../src/service/login/logins.ts';
import { FileServer } from '../../src/service/server.ts';

/** Sealed by a key of its own; there are no accounts. */
export async function startFileServer(
  root: string,
  maxClients: number,
  maxClientsPerSource?: number,
): Promise<FileServer> {
  return await FileServer.start({
    root,
    security: SEALED,
    logins: openLogins(),
    host: '127.0.0.1',
    port: 0,
    maxClients,
    maxClientsPerSource,
    maxPatienceMs: undefined,
    config: undefined,
    log: NO_LOG,
    version: '0.0.0',
  });
}

function openLogins(): Logins {
  return new Logins({
    accounts: undefined,
    anonymous: 'rw',
    penalties: new Penalties(),
    tokens: new AttachTokens(),
    nowMs: () => performance.now(),
    randomBytes: (count) => new Uint8Array(randomBytes(count)),
  });
}
