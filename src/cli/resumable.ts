/** What commands share that go on with single files. */
import { hostAndPort } from './address.ts';
import type { Address } from './address.ts';
import type { Flags } from './flag-values.ts';
import { UsageError } from './usage-error.ts';

/** Whose file it is and where, the same however the address was typed. */
export function remoteName({ user, host, port, path }: Address): string {
  const account = user === undefined ? '' : `${user}@`;
  return `${account}${hostAndPort(host.toLowerCase(), port)}:/${path.join('/')}`;
}

/** Whole folders are sent and fetched anew. @throws UsageError */
export function refuseStrictTree({ recursive, resume }: Flags): void {
  if (!recursive || resume !== 'strict') return;
  throw new UsageError('--resume=strict is for single files', 'Leave out -r or --resume.');
}
