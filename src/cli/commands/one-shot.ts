/** What the one-shot verbs have in common: an address, a connection, and a first request. */
import type { ClientSession } from '../../service/client-session.ts';
import type { Operation } from '../../service/operations/client-operations.ts';
import { parseAddress } from '../address.ts';
import type { Address } from '../address.ts';
import type { CommandContext } from '../command-table.ts';
import { withConnection } from '../connection.ts';
import { personAtTerminal } from '../person.ts';
import { UsageError } from '../usage-error.ts';

/** @throws UsageError for an address that names nothing in the served folder */
export function namedIn(text: string): Address {
  const address = parseAddress(text);
  if (address.path.length > 0) return address;
  throw new UsageError('the address names the served folder itself', 'Name something in it.');
}

/**
 * @param first what `work` asks first: it travels with the opening of the connection
 * @throws what `work` throws
 */
export async function withServer<T>(
  context: CommandContext,
  target: Address,
  first: Operation<unknown>,
  work: (session: ClientSession) => Promise<T>,
): Promise<T> {
  const { flags, output, interrupts } = context;
  const dialing = { target, flags, output, person: personAtTerminal(interrupts) };
  return await withConnection(dialing, interrupts.signal, first.request, work);
}
