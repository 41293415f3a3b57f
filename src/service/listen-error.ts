/** Why a server cannot listen, and what would help. */
import { errorText, EXIT, LftpError, systemCode } from './error.ts';

export function listenError(
  error: unknown,
  { host, port }: { readonly host: string | undefined; readonly port: number },
): unknown {
  const where = `${host ?? 'every address'}, port ${port}`;
  const details = { path: where, cause: error };
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new LftpError(EXIT.LOCAL_IO, 'local', 'the port is in use', {
        ...details,
        hint: 'Choose another with --port, or 0 for any free one.',
      });
    case 'EADDRNOTAVAIL':
      return new LftpError(EXIT.LOCAL_IO, 'local', 'this machine does not have that address', {
        ...details,
        hint: 'Choose one of its own with --host, or leave it out for all.',
      });
    case 'EACCES':
      return new LftpError(EXIT.LOCAL_IO, 'local', 'this port needs more rights', {
        ...details,
        hint: 'Choose a port above 1023.',
      });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new LftpError(EXIT.RESOLVE, 'local', 'the name has no address', {
        ...details,
        hint: 'Check the name given with --host.',
      });
    default:
      return new LftpError(EXIT.LOCAL_IO, 'local', errorText(error), details);
  }
}
