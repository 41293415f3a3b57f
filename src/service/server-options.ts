/** What a file server is started with, and where it is then. */
import type { ListenOptions } from '../io/listen.ts';
import type { Security } from '../io/security.ts';
import type { ServiceLog } from './log.ts';
import type { Logins } from './login/logins.ts';

export interface FileServerOptions {
  readonly root: string;
  /** Keys, or none; and who may log in with what. */
  readonly security: Security;
  readonly logins: Logins;
  /** Public keys that this server will have later (P-LOGIN-13). */
  readonly nextKeys?: readonly Uint8Array[] | undefined;
  /** And those that it had (P-LOGIN-15). */
  readonly retiredKeys?: readonly Uint8Array[] | undefined;
  readonly host: string | undefined;
  readonly port: number;
  readonly maxClients: number;
  /** Of these, how many without an account one source may have; by default nearly all. */
  readonly maxClientsPerSource?: number | undefined;
  readonly maxPatienceMs: number | undefined;
  readonly config: ListenOptions['config'];
  readonly log: ServiceLog;
  readonly version: string;
}

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** See the listener's fields of these names. */
  readonly fragments: string;
  readonly trains: string;
  readonly bufferAdvice: string | undefined;
}
