/** How a client shows a server who it is; a session needs no more of it than this. */
import { EXIT, LftpError } from '../error.ts';
import { encodeLogin } from './login-blob.ts';
import type { ChallengeMessage, WelcomeMessage } from './login-messages.ts';

export interface SessionLogin {
  /** What the third handshake message says. */
  readonly blob: Uint8Array;
  /** Answers a challenge. @param binding hash of this connection's handshake @throws LftpError */
  prove(challenge: ChallengeMessage, binding: Uint8Array): Promise<Uint8Array>;
  /** @throws LftpError when whoever lets us in is not who should */
  check(welcome: WelcomeMessage): void;
}

/**
 * Joins a session of the same client key by one of its tokens, for a further connection: two round
 * trips to the first answer and no password.
 * @param account the account of that session
 */
export function tokenLogin(token: Uint8Array, account: string): SessionLogin {
  return {
    blob: encodeLogin({ kind: 'token', token }),
    prove: () => {
      const text = 'the server wants a password for a token';
      return Promise.reject(new LftpError(EXIT.PROTOCOL, 'remote', text));
    },
    check: ({ name }) => {
      if (name === account) return;
      throw new LftpError(EXIT.LOGIN, 'remote', 'the token is that of another account');
    },
  };
}
