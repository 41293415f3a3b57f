/** The `known_hosts` on disk: read freely, changed under a lock, replaced in one step. */
import { KNOWN_HOSTS_MAX_BYTES } from '../limits.ts';
import {
  parseKnownHosts,
  withFingerprint,
  withKey,
  withoutHost,
  withoutRetired,
} from './known-hosts.ts';
import type { HostPort, KnownHosts } from './known-hosts.ts';
import { editFile, readSmallFile } from './private-store.ts';

/**
 * What the file says; nothing if there is none.
 * @throws LftpError 14
 */
export async function readKnownHosts(path: string): Promise<KnownHosts> {
  return parseKnownHosts((await readSmallFile(path, KNOWN_HOSTS_MAX_BYTES, false)) ?? '');
}

/**
 * Adds a key to those of the host, in the place of its fingerprint if that stands there.
 * @throws LftpError 11, 14, 21
 */
export async function addKnownHost(
  path: string,
  where: HostPort,
  publicKey: Uint8Array,
): Promise<void> {
  await edit(path, (text) => withKey(text, where, publicKey));
}

/**
 * Adds a fingerprint, whose key is not known yet.
 * @param check is given what the file says at that moment, and throws when it must not be added
 * @throws LftpError 11, 14, 21; what `check` throws
 */
export async function addKnownFingerprint(
  path: string,
  where: HostPort,
  fingerprint: string,
  check: (known: KnownHosts) => void = () => undefined,
): Promise<void> {
  await edit(path, (text) => {
    check(parseKnownHosts(text));
    return withFingerprint(text, where, fingerprint);
  });
}

/**
 * Takes out all that is known about the host.
 * @returns the numbers that the removed lines had
 * @throws LftpError 11, 14, 21
 */
export async function forgetKnownHost(path: string, where: HostPort): Promise<readonly number[]> {
  let removed: readonly number[] = [];
  await edit(path, (text) => {
    const result = withoutHost(text, where);
    removed = result.lines;
    return result.text;
  });
  return removed;
}

/**
 * Takes out keys that a host, which has shown another one, had before that one.
 * @throws LftpError 11, 14, 21
 */
export async function forgetRetiredKeys(
  path: string,
  where: HostPort,
  shown: string,
  fingerprints: readonly string[],
): Promise<void> {
  await edit(path, (text) => withoutRetired(text, where, shown, fingerprints));
}

/** A file that stays as it is, is not touched. */
async function edit(path: string, change: (text: string) => string): Promise<void> {
  await editFile(path, KNOWN_HOSTS_MAX_BYTES, (text) => {
    const changed = change(text);
    return changed === text ? undefined : changed;
  });
}
