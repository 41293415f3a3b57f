/** From what was typed, or stands in a variable, to checked values. */
import { ANONYMOUS_RULES } from '../service/access.ts';
import type { AnonymousRule } from '../service/access.ts';
import { DEFAULT_PORT } from '../service/default-port.ts';
import { HOST_KEY_RULES } from '../service/identity/host-key-rule.ts';
import type { HostKeyRule } from '../service/identity/host-key-rule.ts';
import { DEFAULT_MAX_CLIENTS } from '../service/limits.ts';
import { OVERWRITE_RULES } from '../service/messages.ts';
import type { OverwriteRule } from '../service/messages.ts';
import { CONTROLLER_NAMES } from '../transport/config.ts';
import type { ControllerName } from '../transport/config.ts';
import { FlagSource } from './flag-source.ts';
import type { Environment, RawFlags } from './flag-source.ts';
import type { FlagName } from './flags.ts';
import { DEFAULT_RETRY_TIME_MS } from './retry-time.ts';
import { UsageError } from './usage-error.ts';

export const PROGRESS_STYLES = ['auto', 'bar', 'plain', 'none'] as const;
export type ProgressStyle = (typeof PROGRESS_STYLES)[number];

/** When a client has to prove its address before the server reckons anything. */
export const COOKIE_DEMANDS = ['load', 'always'] as const;
export type CookieDemand = (typeof COOKIE_DEMANDS)[number];

/**
 * What becomes of a file of which a part is here: gone on with, and begun anew when its source
 * changed; or the change is an error; or nothing is kept and nothing looked for.
 */
export type ResumeRule = 'restart' | 'strict' | 'never';

export interface Flags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: number;
  readonly logFile: string | undefined;
  readonly cc: ControllerName | undefined;
  readonly patienceMs: number | undefined;
  readonly maxTimeMs: number | undefined;
  readonly isNoWait: boolean;
  readonly family: 4 | 6 | undefined;
  readonly progress: ProgressStyle;
  readonly preserve: boolean;
  readonly recursive: boolean;
  readonly resume: ResumeRule;
  /** How long a broken connection is tried again without a new byte; ms. */
  readonly retryTimeMs: number;
  readonly overwrite: OverwriteRule;
  readonly host: string | undefined;
  readonly port: number;
  /** Undefined: `ro` while there is no account, and `off` then. */
  readonly anonymous: AnonymousRule | undefined;
  readonly maxClients: number;
  readonly maxClientsPerSource: number | undefined;
  readonly maxPatienceMs: number | undefined;
  readonly idleMs: number | undefined;
  readonly batch: string | undefined;
  readonly command: string | undefined;
  /** The server's folder of keys and accounts. */
  readonly data: string | undefined;
  readonly root: string | undefined;
  readonly knownHosts: string | undefined;
  readonly hostKey: HostKeyRule;
  readonly fingerprint: string | undefined;
  readonly identity: string | undefined;
  readonly passwordFile: string | undefined;
  readonly insecure: boolean;
  readonly cookie: CookieDemand;
  readonly file: string | undefined;
  readonly comment: string | undefined;
  readonly home: string | undefined;
  readonly key: string | undefined;
  readonly isPasswordFromStdin: boolean;
  readonly isRemoval: boolean;
}

/**
 * @param known names of the flags that the command has: only their variables are looked at
 * @throws UsageError naming the flag or the variable
 */
export function readFlags(
  raw: RawFlags,
  environment: Environment,
  known: readonly FlagName[],
): Flags {
  const source = new FlagSource(raw, environment, known);
  if (source.isSet('password-stdin') && source.text('password-file') !== undefined) {
    throw new UsageError('--password-file and --password-stdin exclude each other');
  }
  return {
    json: source.isSet('json'),
    quiet: source.isSet('quiet'),
    verbose: source.count('verbose'),
    logFile: source.text('log-file'),
    // `bench` takes several, and reads them itself.
    cc: known.includes('simulate') ? undefined : source.choice('cc', CONTROLLER_NAMES),
    patienceMs: endless(source.duration('patience')),
    maxTimeMs: endless(source.duration('max-time')),
    isNoWait: source.isSet('no-wait'),
    family: family(source.isSet('ipv4'), source.isSet('ipv6')),
    progress: source.choice('progress', PROGRESS_STYLES) ?? 'auto',
    preserve: source.isSet('preserve'),
    recursive: source.isSet('recursive'),
    resume: resumeRule(source),
    retryTimeMs: source.duration('retry-time') ?? DEFAULT_RETRY_TIME_MS,
    overwrite: source.choice('overwrite', OVERWRITE_RULES) ?? 'always',
    host: source.text('host'),
    port: source.port('port') ?? DEFAULT_PORT,
    anonymous: source.choice('anonymous', ANONYMOUS_RULES),
    maxClients: source.natural('max-clients') ?? DEFAULT_MAX_CLIENTS,
    maxClientsPerSource: source.natural('max-clients-per-source'),
    maxPatienceMs: endless(source.duration('max-patience')),
    idleMs: endless(source.duration('idle')),
    batch: source.text('batch'),
    command: source.text('command'),
    data: source.text('data'),
    root: source.text('root'),
    knownHosts: source.text('known-hosts'),
    hostKey: source.choice('host-key', HOST_KEY_RULES) ?? 'ask',
    fingerprint: source.fingerprint('fingerprint'),
    identity: source.text('identity'),
    passwordFile: source.text('password-file'),
    insecure: source.isSet('insecure'),
    cookie: source.choice('cookie', COOKIE_DEMANDS) ?? 'load',
    file: source.text('file'),
    comment: source.text('comment'),
    home: source.text('home'),
    key: source.text('key'),
    isPasswordFromStdin: source.isSet('password-stdin'),
    isRemoval: source.isSet('remove'),
  };
}

function resumeRule(source: FlagSource): ResumeRule {
  const rule = source.choice('resume', ['restart', 'strict'] as const);
  if (!source.isSet('no-resume')) return rule ?? 'restart';
  if (rule === undefined) return 'never';
  throw new UsageError('--resume and --no-resume exclude each other');
}

/** Of any limit in time, 0 means that there is none. */
function endless(durationMs: number | undefined): number | undefined {
  return durationMs === 0 ? Infinity : durationMs;
}

function family(isFour: boolean, isSix: boolean): 4 | 6 | undefined {
  if (isFour && isSix) throw new UsageError('-4 and -6 exclude each other');
  if (isFour) return 4;
  return isSix ? 6 : undefined;
}
