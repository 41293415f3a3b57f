/**
 * What somebody who guesses can make a server do: one try from a source among as many as are
 * remembered. Below a few µs it is not worth anybody's while.
 */
import { Bench } from 'tinybench';
import { Penalties } from '../src/service/accounts/penalties.ts';
import { MAX_PENALTY_SOURCES } from '../src/service/limits.ts';

export const bench = new Bench({ time: 500, warmupTime: 100 });

const full = new Penalties();
let next = 0;

function addressOf(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

function fail(): void {
  next += 1;
  // A second for each thousand: nobody's penalty passes before the table is full.
  full.admit(next / 1000, addressOf(next), 'alice');
  full.fail(next / 1000, 'alice');
}

for (let i = 0; i < MAX_PENALTY_SOURCES; i += 1) fail();

bench.add('a failed login, table full', fail);

export function verdict(): boolean {
  return full.size === MAX_PENALTY_SOURCES;
}
