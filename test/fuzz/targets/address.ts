/** Addresses as typed: an address, or an error of ours whose words no terminal acts on. */
import { parseAddress, parseHost, parsePath, parsePort } from '../../../src/cli/address.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';
import { LftpError } from '../../../src/service/error.ts';
import { bytesOf, demand, type Target, textOf, unitsOf } from '../target.ts';

/** The result, or undefined for an error of the right kind. */
function tried<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof LftpError)) throw error;
    demand(!/[\p{Cc}\u202e\u200b]/u.test(error.message), 'an error that a terminal acts on');
    demand(error.message.length < 1_000, 'an error as long as what was typed');
    return undefined;
  }
}

function checkHost(host: string): void {
  demand(host.length > 0 && host.length <= 300, 'a host of no length');
  demand(!/[\s/\\@[\]?#\p{Cc}]/u.test(host), 'a host with a letter that ends one');
  demand(!host.startsWith('-'), 'a host that looks like a flag');
}

function check(text: string): void {
  const address = tried(() => parseAddress(text));
  if (address !== undefined) {
    checkHost(address.host);
    demand(Number.isInteger(address.port) && address.port >= 1 && address.port <= 65_535, 'a port');
  }
  const host = tried(() => parseHost(text));
  if (host !== undefined) checkHost(host);
  const port = tried(() => parsePort(text, 0));
  if (port !== undefined) demand(Number.isInteger(port) && port >= 0 && port <= 65_535, 'a port');
  const { path } = parsePath(text);
  demand(
    path.every((part) => !part.includes('/')),
    'a component with a slash',
  );
}

function run(bytes: Uint8Array): void {
  check(textOf(bytes));
  check(unitsOf(bytes));
}

export const target: Target = {
  run,
  seeds: [
    'lftp://anonymous@host.example:2001/a%20b/c;fp=SHA256:abc',
    'lftp://[fe80::1%eth0]:1/x/',
    'host:2001:a/b',
    '[::1]:file',
    '127.0.0.1',
    'user:secret@host:/x',
  ].map(bytesOf),
  maxBytes: 300,
};
