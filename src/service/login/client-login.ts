/** The client's side of logging in to an account. */
import { randomBytes } from 'node:crypto';
import {
  isSignature,
  LOGIN_NONCE_BYTES,
  type LoginContext,
  proveLogin,
} from '../accounts/password-proof.ts';
import { parametersFault, slowHash } from '../accounts/slow-hash.ts';
import { EXIT, LftpError } from '../error.ts';
import { encodeLogin } from './login-blob.ts';
import type { ChallengeMessage, WelcomeMessage } from './login-messages.ts';
import type { SessionLogin } from './session-login.ts';

export interface ClientLoginOptions {
  /** The account. */
  readonly name: string;
  /** Called when the server wants the password: the key, if there was one, did not do. */
  readonly password: () => Promise<string>;
  /**
   * True: this client has no key that an account could know, so a server that lets it in without
   * showing that it knows the password is not the one that the account is on.
   */
  readonly hasNoKey?: boolean | undefined;
}

export class ClientLogin implements SessionLogin {
  /** What the third handshake message says. */
  readonly blob: Uint8Array;
  private readonly options: ClientLoginOptions;
  private readonly nonce = new Uint8Array(randomBytes(LOGIN_NONCE_BYTES));
  /** What a server that knows the password answers. */
  private signature: Uint8Array | undefined;
  private isChallenged = false;

  constructor(options: ClientLoginOptions) {
    this.options = options;
    this.blob = encodeLogin({ kind: 'account', name: options.name, nonce: this.nonce });
  }

  /**
   * @param binding hash of this connection's handshake: the proof is worth nothing in another
   * @throws LftpError 8 without a password, 13 for a challenge that nobody should answer
   */
  async prove(challenge: ChallengeMessage, binding: Uint8Array): Promise<Uint8Array> {
    // P-LOGIN-05: each answer is a guess's worth of work and memory for whoever asks.
    if (this.isChallenged) {
      throw new LftpError(EXIT.PROTOCOL, 'remote', 'the server wants the password twice');
    }
    this.isChallenged = true;
    const { algorithm, n, r, p, salt, nonce } = challenge;
    const parameters = { algorithm, n, r, p };
    const fault = parametersFault(parameters);
    if (fault !== undefined) {
      throw new LftpError(
        EXIT.PROTOCOL,
        'remote',
        `the server wants a bad password hash: ${fault}`,
      );
    }
    const hash = await slowHash(await this.options.password(), salt, parameters);
    const context: LoginContext = {
      name: this.options.name,
      clientNonce: this.nonce,
      serverNonce: nonce,
      binding,
    };
    const { proof, signature } = proveLogin(hash, { salt, parameters }, context);
    hash.fill(0);
    this.signature = signature;
    return proof;
  }

  /**
   * P-LOGIN-05: being let in is not enough, the server shows that it knows the password too.
   * @throws LftpError 8 when it cannot
   */
  check(welcome: WelcomeMessage): void {
    if (welcome.name !== this.options.name) {
      const text = 'the server let in somebody else than was asked for';
      throw new LftpError(EXIT.LOGIN, 'remote', text, { hint: DISTRUST });
    }
    if (!this.isChallenged && this.options.hasNoKey !== true) return;
    const { signature } = welcome;
    // Before the proof is out there is nothing that a signature could be right for.
    if (this.signature !== undefined && signature !== undefined) {
      if (isSignature(this.signature, signature)) return;
    }
    const text = 'the server does not know the password of the account';
    throw new LftpError(EXIT.LOGIN, 'remote', text, { hint: DISTRUST });
  }
}

const DISTRUST = 'Do not trust it; ask its operator.';
