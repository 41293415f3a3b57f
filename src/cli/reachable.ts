/** Addresses under which other machines may find a server. */
import { networkInterfaces } from 'node:os';

/** Addresses that a client may use, those of other machines first. */
export function reachableHosts(host: string): readonly string[] {
  if (!isAnyHost(host)) return [host];
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const usable = all.filter(
    ({ address, family }) =>
      // Link-local addresses need the name of the client's own interface.
      !address.startsWith('fe80:') && (family === 'IPv4' || host === '::'),
  );
  usable.sort((a, b) => Number(a.internal) - Number(b.internal));
  return usable.map(({ address }) => address);
}

export function isAnyHost(host: string): boolean {
  return host === '::' || host === '0.0.0.0';
}
