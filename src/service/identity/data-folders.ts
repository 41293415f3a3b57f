/** Where keys and trust live, unless a flag says otherwise (XDG base directories). */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The client's folder: `id`, `id.pub` and `known_hosts`. */
export function clientDataFolder(environment: Environment): string {
  return folderOf(environment, 'XDG_DATA_HOME', 'share');
}

/** The client's journals of unfinished transfers. */
export function clientStateFolder(environment: Environment): string {
  return folderOf(environment, 'XDG_STATE_HOME', 'state');
}

function folderOf(environment: Environment, variable: string, usual: string): string {
  const base = environment[variable] ?? '';
  // The specification wants anything but an absolute path to be ignored.
  const home = environment['HOME'] ?? '';
  const folder = isAbsolute(base) ? base : join(home === '' ? homedir() : home, '.local', usual);
  return join(folder, 'lftp-udp');
}

/** The server's folder: `host.key` and `accounts.db`. */
export function serverDataFolder(environment: Environment): string {
  return join(clientDataFolder(environment), 'server');
}

export function defaultIdentityFile(environment: Environment): string {
  return join(clientDataFolder(environment), 'id');
}

export function defaultKnownHostsFile(environment: Environment): string {
  return join(clientDataFolder(environment), 'known_hosts');
}
