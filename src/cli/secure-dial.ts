/** Opening a connection to the right server, as the right account. */
import { readFile } from 'node:fs/promises';
import type { SessionLogin } from '../service/login/session-login.ts';
import { ANONYMOUS } from '../service/accounts/account-name.ts';
import { dial } from '../service/dial.ts';
import type { Connected, DialOptions } from '../service/dial.ts';
import { errorText, EXIT, LftpError } from '../service/error.ts';
import { defaultIdentityFile, defaultKnownHostsFile } from '../service/identity/data-folders.ts';
import { HostTrust } from '../service/identity/host-trust.ts';
import { addKnownHost } from '../service/identity/known-hosts-store.ts';
import { readIdentity, tryIdentity } from '../service/identity/secret-key-store.ts';
import { PASSWORD_MAX_BYTES } from '../service/limits.ts';
import { ERROR } from '../wire/codes.ts';
import { readPassword } from './ask-password.ts';
import type { Flags } from './flag-values.ts';
import type { Output } from './output.ts';
import type { Person } from './person.ts';
import { UsageError } from './usage-error.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** The account, and `anonymous` for none. */
  readonly user?: string | undefined;
  /** The host key must have this one. */
  readonly fingerprint?: string | undefined;
}

export interface Dialled extends Connected {
  /** When the opening began: the first datagram left then. ms of `performance.now`. */
  readonly startedMs: number;
}

/** How far the two sides may trust the network, from what was typed. */
export interface DialContext {
  readonly target: Target;
  readonly flags: Flags;
  readonly output: Output;
  /** Undefined: nobody can be asked. */
  readonly person: Person | undefined;
  /** A command that connects again asks for the password once. */
  readonly remembered?: { password?: Promise<string> } | undefined;
}

/** The options that are about the network and not about trust. */
export interface PlainDialOptions extends Omit<DialOptions, 'security' | 'login'> {
  /** Ends questions too. */
  readonly signal: AbortSignal;
}

/** @throws LftpError 8, 9 and those of `dial`; UsageError */
export async function dialSecurely(
  context: DialContext,
  options: PlainDialOptions,
): Promise<Dialled> {
  const { target, flags } = context;
  if (flags.insecure) return await dialInsecurely(context, options);
  const { signal } = options;
  const knownHostsFile = flags.knownHosts ?? defaultKnownHostsFile(process.env);
  const fingerprint = flags.fingerprint ?? target.fingerprint;
  const rule = flags.hostKey;
  const about = { where: target, fingerprint, knownHostsFile, hintFlags: hintFlags(flags) };
  const trust = await HostTrust.open({ ...about, rule });
  const account = accountOf(context);
  const secret = account === undefined ? undefined : await secretOf(flags);
  const login =
    account === undefined
      ? undefined
      : await loginOf(context, account, secret === undefined, signal);
  const secured: DialOptions = {
    ...options,
    security: { kind: 'sealed', secret },
    login,
    config: { ...options.config, trusts: trust.trusts },
  };
  try {
    const dialled = heedKeys(context, trust, await timedDial(secured));
    await noteNewKey(context, trust, dialled);
    return dialled;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LftpError) || error.code !== EXIT.HOST_KEY) throw error;
    const { question } = trust;
    if (question === undefined || rule !== 'ask') throw trust.refusal();
    if (!(await isAccepted(context, question.fingerprint, signal))) throw trust.refusal();
    await addKnownHost(knownHostsFile, target, question.publicKey);
  }
  // A new attempt, for which the key is known: the first showed nobody who asks.
  const again = await HostTrust.open({ ...about, rule: 'strict' });
  const config = { ...options.config, trusts: again.trusts };
  return heedKeys(context, again, await timedDial({ ...secured, config }));
}

/** A file that cannot be written costs a warning when the key has changed, and nothing now. */
function heedKeys({ output }: DialContext, trust: HostTrust, dialled: Dialled): Dialled {
  dialled.session.onKeys = async ({ keys, retired }) => {
    try {
      await trust.rememberNext(keys);
      await trust.forgetRetired(retired);
    } catch (error) {
      output.detail(`the change of the server's key was not written down: ${errorText(error)}`);
    }
  };
  return dialled;
}

/** A command that somebody is told to type must find the file that was meant. */
function hintFlags({ knownHosts }: Flags): string {
  if (knownHosts === undefined) return '';
  return ` --known-hosts '${knownHosts.replaceAll("'", String.raw`'\''`)}'`;
}

async function timedDial(options: DialOptions): Promise<Dialled> {
  const startedMs = performance.now();
  return { ...(await dial(options)), startedMs };
}

async function dialInsecurely(
  { target, flags, output }: DialContext,
  options: PlainDialOptions,
): Promise<Dialled> {
  const wants = flags.fingerprint ?? target.fingerprint ?? flags.identity ?? target.user;
  if (wants !== undefined && wants !== ANONYMOUS) {
    throw new UsageError(
      '--insecure proves nothing: neither who the server is nor who you are',
      'Leave it out, or leave out the account, the key and the fingerprint.',
    );
  }
  output.say('INSECURE: everybody on the way can read and change what is sent.');
  return await timedDial({ ...options, security: { kind: 'insecure' } });
}

async function noteNewKey(
  { output, target }: DialContext,
  trust: HostTrust,
  { session, link }: Dialled,
): Promise<void> {
  try {
    const isNew = await trust.remember();
    if (isNew) output.detail(`the host key of ${target.host} is known from now on`);
  } catch (error) {
    // Nobody else knows of the connection yet, so nobody else would end it.
    await session.abort(ERROR.CANCELLED);
    link.close();
    throw error;
  }
}

async function isAccepted(
  context: DialContext,
  fingerprint: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { output, target } = context;
  const person = personOf(context);
  if (person === undefined) return false;
  output.ask(`The host ${target.host}, port ${target.port}, is not known. Its key is`);
  output.ask(`  ${fingerprint}`);
  output.ask('Compare it with what `lftp hostkey` shows on the server.');
  for (;;) {
    const typed = await person.ask('Trust it from now on (yes, no)? ', signal);
    const answer = typed.trim().toLowerCase();
    if (answer === 'yes') return true;
    if (answer === 'no' || answer === '') return false;
  }
}

/** Nobody is asked on a screen where events are written for a program. */
function personOf({ person, output }: DialContext): Person | undefined {
  return output.isForPeople ? person : undefined;
}

/** The account that is wanted, if any. */
function accountOf({ target, flags }: DialContext): string | undefined {
  const { user } = target;
  if (user !== undefined && user !== ANONYMOUS) return user;
  if (flags.identity === undefined) return undefined;
  throw new UsageError('a key alone names no account', 'Write the account too: NAME@HOST.');
}

async function loginOf(
  context: DialContext,
  name: string,
  hasNoKey: boolean,
  signal: AbortSignal,
): Promise<SessionLogin> {
  // Loaded only by those who log in.
  const { ClientLogin } = await import('../service/login/client-login.ts');
  const { remembered = {} } = context;
  const password = (): Promise<string> =>
    (remembered.password ??= passwordOf(context, name, signal));
  return new ClientLogin({ name, password, hasNoKey });
}

async function passwordOf(
  context: DialContext,
  user: string,
  signal: AbortSignal,
): Promise<string> {
  const { flags } = context;
  const person = personOf(context);
  if (flags.passwordFile !== undefined) return await passwordFromFile(flags.passwordFile);
  if (flags.isPasswordFromStdin) return await readPassword(process.stdin);
  if (person !== undefined) return await person.askHidden(`Password of ${user}: `, signal);
  throw new LftpError(EXIT.LOGIN, 'local', `the server wants the password of ${user}`, {
    hint: 'Without a terminal, hand it over with --password-file or --password-stdin.',
  });
}

async function passwordFromFile(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    const text = bytes.subarray(0, PASSWORD_MAX_BYTES + 2).toString('utf8');
    return text.replace(/\r?\n$/, '');
  } catch (error) {
    throw new LftpError(EXIT.LOCAL_IO, 'local', errorText(error), {
      path,
      hint: 'Check the name of the file with the password.',
      cause: error,
    });
  }
}

/** The key of `-i`, or the usual one if there is one. */
async function secretOf({ identity }: Flags): Promise<Uint8Array | undefined> {
  if (identity !== undefined) return (await readIdentity(identity)).secret;
  return (await tryIdentity(defaultIdentityFile(process.env)))?.secret;
}
