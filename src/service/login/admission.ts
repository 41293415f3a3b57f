/** Letting one client in: the messages of logging in, on the server's side of a channel. */
import { UnannouncedData } from '../../io/channel-errors.ts';
import { EXIT, LftpError } from '../error.ts';
import { EARLY_MAX_BYTES, LOGIN_LIMIT_MS, SESSION_MAX_REQUESTS } from '../limits.ts';
import { decodeClientMessage, encodeMessage } from '../messages.ts';
import type { TransferChannel } from '../transfer-channel.ts';
import type { Challenge, Logins } from './logins.ts';
import type { Principal } from './principal.ts';

export interface LoginTimer {
  readonly passed: Promise<void>;
  cancel(): void;
}

/** What stands around the exchange; tests bring their own. */
export interface AdmissionWorld {
  readonly nowMs: () => number;
  readonly timer: (ms: number) => LoginTimer;
  readonly randomBytes: (count: number) => Uint8Array;
}

export interface Admitted {
  readonly principal: Principal;
  /** Requests that came before the login was over, in their order. */
  readonly early: readonly Uint8Array[];
}

const NONCE_BYTES = 32;

/**
 * Waits until the client has proved what it claims.
 * @returns undefined when the client left
 * @throws LftpError 8 refused, 13 not understood, 20 too slow, 21 too many tries
 */
export async function admit(
  channel: TransferChannel,
  logins: Logins,
  world: AdmissionWorld,
): Promise<Admitted | undefined> {
  const { identity, login } = channel;
  const caller = { address: channel.peer.address, identity, login };
  const entrance = logins.begin(world.nowMs(), caller, world.randomBytes(NONCE_BYTES));
  if (entrance.kind === 'in') {
    const { name } = entrance.principal;
    // Whoever asked for an account hears that it has it, before it sends a file.
    if (login !== undefined) await channel.sendMessage(encodeMessage({ op: 'welcome', name }));
    return { principal: entrance.principal, early: [] };
  }
  if (entrance.kind === 'refused') throw entrance.waitMs > 0 ? tooManyTries() : loginRefused();
  await channel.sendMessage(challengeBytes(entrance));
  const answer = await waitForProof(channel, logins, world);
  if (answer === undefined) return undefined;
  await world.timer(entrance.delayMs).passed;
  const proved = logins.prove(world.nowMs(), caller.address, entrance, answer.proof);
  if (proved === undefined) throw loginRefused();
  const { principal, signature } = proved;
  await channel.sendMessage(encodeMessage({ op: 'welcome', name: principal.name, signature }));
  return { principal, early: answer.early };
}

interface Answered {
  readonly proof: Uint8Array;
  readonly early: readonly Uint8Array[];
}

/** P-LOGIN-07: the place of somebody who types for ever is another's. */
async function waitForProof(
  channel: TransferChannel,
  logins: Logins,
  world: AdmissionWorld,
): Promise<Answered | undefined> {
  const timer = world.timer(LOGIN_LIMIT_MS);
  const late = timer.passed.then((): never => {
    throw new LftpError(EXIT.DEADLINE, 'remote', 'the login took too long');
  });
  try {
    return await Promise.race([readProof(channel), late]);
  } catch (error) {
    if (error instanceof LftpError) {
      const offence = error.code === EXIT.DEADLINE ? 'tooSlow' : 'violation';
      logins.punish(world.nowMs(), channel.peer.address, offence);
    }
    throw error;
  } finally {
    timer.cancel();
  }
}

function challengeBytes({ record, context }: Challenge): Uint8Array {
  const { salt, parameters } = record;
  const nonce = context.serverNonce;
  return encodeMessage({ op: 'challenge', ...parameters, salt, nonce });
}

/** Everything before the proof waits: nobody is served before it is known who asks. */
async function readProof(channel: TransferChannel): Promise<Answered | undefined> {
  const early: Uint8Array[] = [];
  let earlyBytes = 0;
  for (;;) {
    const bytes = await nextBeforeLogin(channel);
    if (bytes === undefined) return undefined;
    const decoded = decodeClientMessage(bytes);
    if (decoded.ok && decoded.message.op === 'proof')
      return { proof: decoded.message.proof, early };
    earlyBytes += bytes.length;
    if (early.length >= SESSION_MAX_REQUESTS || earlyBytes > EARLY_MAX_BYTES) {
      throw new LftpError(EXIT.BUSY, 'remote', 'too many requests before the login');
    }
    early.push(bytes);
  }
}

/** P-LOGIN-06: no file is announced as yet, so one that comes ends the session. */
async function nextBeforeLogin(channel: TransferChannel): Promise<Uint8Array | undefined> {
  try {
    return await channel.nextMessage(0);
  } catch (error) {
    if (!(error instanceof UnannouncedData)) throw error;
    throw new LftpError(EXIT.PROTOCOL, 'remote', 'not understood: a file before the login');
  }
}

/** P-LOGIN-04: one answer, whatever was wrong. */
function loginRefused(): LftpError {
  return new LftpError(EXIT.LOGIN, 'remote', 'login refused');
}

function tooManyTries(): LftpError {
  return new LftpError(EXIT.BUSY, 'remote', 'too many tries to log in; wait before the next');
}
