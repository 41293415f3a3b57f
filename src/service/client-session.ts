/**
 * The client's side of one connection: requests, their answers, and the files that belong to them.
 *
 * Several requests may be under way; `dat` records come and go in request order, so each transfer
 * takes its turn when it is asked for (P-SVC-11). What ends a transfer leaves the session usable,
 * except the end of the connection itself.
 */
import { assert } from '../util/assert.ts';
import { ERROR } from '../wire/codes.ts';
import { UnannouncedData } from '../io/channel-errors.ts';
import { closeError, fromChannel } from './close-error.ts';
import { EXIT, LftpError } from './error.ts';
import { Exchanges } from './exchanges.ts';
import type { Exchange, OnStored } from './exchanges.ts';
import { PeerLeft } from './file-receiver.ts';
import { SESSION_MAX_REQUESTS } from './limits.ts';
import type { SessionLogin } from './login/session-login.ts';
import type { ChallengeMessage, WelcomeMessage } from './login/login-messages.ts';
import { decodeServerMessage, encodeMessage } from './messages.ts';
import type {
  Answer,
  ClientMessage,
  KeysMessage,
  SegmentCounts,
  StatusAnswer,
} from './messages.ts';
import { brokenServer, remoteError, unexpectedAnswer } from './remote-error.ts';
import { closeReasonOf } from './transfer-channel.ts';
import type { TransferChannel } from './transfer-channel.ts';
import { deferred, Turns } from './turns.ts';

/** Makes a request of the number it is given. */
export type MakeRequest = (id: number) => ClientMessage;

/** Number of the first request of a session. */
const FIRST_ID = 1;

/** The bytes of a session's first request, for whoever sends it while the connection opens. */
export function encodeFirst(make: MakeRequest): Uint8Array {
  return encodeMessage(make(FIRST_ID));
}

export class ClientSession {
  readonly channel: TransferChannel;
  /** Order of the records that come, and of those that go. */
  readonly incoming = new Turns();
  readonly outgoing = new Turns();
  private readonly exchanges = new Exchanges();
  /** Counted up, so that no number is taken while a request with it is under way (P-SVC-03). */
  private nextId = FIRST_ID;
  /** A first request that is on its way already. */
  private sentAhead: Uint8Array | undefined;
  /** Called with what the server says will become of its key. */
  onKeys: ((message: KeysMessage) => Promise<void>) | undefined;
  private heeding: Promise<void> | undefined;
  private place: number | undefined;
  private onWait: ((place: number) => void) | undefined;
  private readonly login: SessionLogin | undefined;
  private readonly welcomed = deferred<undefined>();
  private isEntered: boolean;
  private failure: LftpError | undefined;
  /** Resolves when no further message can come. */
  private readonly reading: Promise<void>;

  /**
   * @param sentAhead {@link encodeFirst} of the first request, if it travels with the opening
   * @param login what was said of oneself in the opening, if anything
   */
  constructor(channel: TransferChannel, sentAhead?: Uint8Array, login?: SessionLogin) {
    this.channel = channel;
    this.login = login;
    this.isEntered = login === undefined;
    if (this.isEntered) this.welcomed.resolve(undefined);
    this.sentAhead = sentAhead;
    // Its answer may be here before anybody asks for it.
    if (sentAhead !== undefined) this.exchanges.expect(FIRST_ID);
    this.reading = this.readMessages();
  }

  /** @param onWait called with each place in the queue of a server that is full (P-WAIT-01) */
  heedWait(onWait: (place: number) => void): void {
    this.onWait = onWait;
    // It may have been told before anybody asked.
    if (this.place !== undefined) onWait(this.place);
  }

  /** Ends the session from this side: everything that waits fails with `error`. */
  giveUp(error: LftpError): void {
    this.fail(error);
    this.channel.abort(ERROR.CANCELLED);
  }

  /** Resolves once the server has let the client in: before that it takes no file. */
  get entered(): Promise<undefined> {
    return this.welcomed.promise;
  }

  /**
   * Sends a request; `make` gets its number.
   * @param onStored is told what becomes of single files of a tree
   * @throws LftpError when the session is over
   */
  async begin(make: MakeRequest, onStored?: OnStored): Promise<Exchange> {
    if (this.failure !== undefined) throw this.failure;
    if (this.exchanges.size >= SESSION_MAX_REQUESTS) {
      throw new LftpError(EXIT.BUSY, 'local', 'too many requests at once in one session');
    }
    const id = this.nextId;
    this.nextId += 1;
    const exchange = this.exchanges.begin(id, onStored);
    await this.sendUnlessAhead(make(id));
    return exchange;
  }

  private async sendUnlessAhead(message: ClientMessage): Promise<void> {
    const ahead = this.sentAhead;
    if (ahead === undefined) {
      await this.send(message);
      return;
    }
    this.sentAhead = undefined;
    const bytes = encodeMessage(message);
    const isSame = bytes.length === ahead.length && bytes.every((byte, i) => byte === ahead[i]);
    assert(isSame, 'the first request is the one that was sent ahead');
  }

  /** @throws LftpError */
  async send(message: ClientMessage): Promise<void> {
    try {
      await this.channel.sendMessage(encodeMessage(message));
    } catch (error) {
      throw await this.explain(error);
    }
  }

  /** @throws LftpError */
  async status(): Promise<StatusAnswer> {
    const answer = await this.ask((id) => ({ op: 'status', id }));
    if (answer.kind === 'status') return answer;
    throw unexpectedAnswer(answer);
  }

  /** Tokens for further connections of this client (P-LOGIN-10). @throws LftpError */
  async tokens(count: number): Promise<readonly Uint8Array[]> {
    const answer = await this.ask((id) => ({ op: 'tokens', id, count }));
    if (answer.kind === 'tokens') return answer.tokens;
    throw unexpectedAnswer(answer);
  }

  /** How the server's segments fared in its latest file. @throws LftpError */
  async count(): Promise<SegmentCounts> {
    const answer = await this.ask((id) => ({ op: 'count', id }));
    if (answer.kind === 'count') return answer;
    throw unexpectedAnswer(answer);
  }

  /** The reason why the session is over, if it is. */
  get error(): LftpError | undefined {
    return this.failure;
  }

  /**
   * What a failed wait means. When the connection ended, the server's last message says it best,
   * and that may still be on its way through the queues of this process.
   */
  async explain(error: unknown): Promise<unknown> {
    const isEnd = error instanceof PeerLeft || closeReasonOf(error) !== undefined;
    if (isEnd) await this.reading;
    return isEnd ? (this.failure ?? fromChannel(error)) : error;
  }

  /** Ends the session in order; resolves when the process may exit. */
  async finish(): Promise<void> {
    this.channel.finish();
    await this.channel.linger();
    await this.heeding;
  }

  /** Ends the session at once and tells the server why. */
  async abort(code: number): Promise<void> {
    this.channel.abort(code);
    await this.channel.linger();
  }

  /** The one answer to a request that moves no file. @throws LftpError when the session is over */
  async ask(make: MakeRequest): Promise<Answer> {
    const exchange = await this.begin(make);
    try {
      return await exchange.first;
    } finally {
      exchange.end();
    }
  }

  private async readMessages(): Promise<void> {
    try {
      for (;;) {
        const bytes = await this.channel.nextMessage(this.exchanges.announcedRecords);
        if (bytes === undefined) break;
        this.handle(bytes);
      }
      this.fail(closeError({ kind: 'finished' }));
    } catch (error) {
      this.fail(this.meaningOf(error));
    }
  }

  /** P-SVC-07: a file that was not asked for would lie in memory, or be taken for the next one. */
  private meaningOf(error: unknown): LftpError {
    const isUnasked = error instanceof UnannouncedData;
    if (isUnasked) this.channel.abort(ERROR.PROTOCOL);
    const meaning = fromChannel(error);
    if (meaning instanceof LftpError) return meaning;
    return brokenServer(isUnasked ? 'a file that nobody asked for' : 'an unreadable message');
  }

  private handle(bytes: Uint8Array): void {
    const decoded = decodeServerMessage(bytes);
    if (!decoded.ok) {
      // P-SVC-02: what else this server says cannot be relied on either.
      this.channel.abort(ERROR.PROTOCOL);
      throw brokenServer(decoded.fault);
    }
    const { message } = decoded;
    const isOfFile = 'kind' in message || message.op === 'digest' || message.op === 'chunks';
    if (isOfFile) this.requireEntered();
    if ('kind' in message) {
      this.exchanges.handleAnswer(message);
    } else if (message.op === 'digest') {
      this.exchanges.handleDigest(message);
    } else if (message.op === 'chunks') {
      this.exchanges.handleChunks(message);
    } else if (message.op === 'challenge') {
      void this.prove(message);
    } else if (message.op === 'welcome') {
      this.enter(message);
    } else if (message.op === 'keys') {
      // Once: each costs a change of a file, and a server could say it without end.
      this.heeding ??= this.onKeys?.(message);
    } else if (message.op === 'wait') {
      this.place = message.place;
      this.onWait?.(message.place);
    } else {
      // P-SVC-18: it answers nothing, so it ends everything.
      throw remoteError(message.error, message.message);
    }
  }

  /** P-LOGIN-05: whoever answers before it let us in has not shown that it may. */
  private requireEntered(): void {
    if (this.isEntered) return;
    this.channel.abort(ERROR.PROTOCOL);
    throw brokenServer('an answer before the login was over');
  }

  private enter(welcome: WelcomeMessage): void {
    try {
      this.login?.check(welcome);
    } catch (error) {
      this.channel.abort(ERROR.CANCELLED);
      throw error;
    }
    this.isEntered = true;
    this.welcomed.resolve(undefined);
  }

  /** Nothing that goes wrong here may pass unheard: nobody awaits it. */
  private async prove(challenge: ChallengeMessage): Promise<void> {
    try {
      const binding = this.channel.identity?.channelBinding;
      if (this.login === undefined || binding === undefined) {
        throw brokenServer('a challenge to somebody who does not log in');
      }
      const proof = await this.login.prove(challenge, binding);
      await this.send({ op: 'proof', proof });
    } catch (error) {
      this.fail(error instanceof LftpError ? error : brokenServer('no login'));
      this.channel.abort(ERROR.CANCELLED);
    }
  }

  private fail(error: LftpError): void {
    this.failure ??= error;
    this.welcomed.reject(this.failure);
    this.exchanges.fail(this.failure);
  }
}
