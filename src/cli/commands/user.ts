/** `lftp user add | passwd | key | set | show | list | rm`: the accounts of a server. */
import { parseFingerprint } from '../../crypto/fingerprint.ts';
import { checkAccountName, parseHome } from '../../service/accounts/account-name.ts';
import { AccountStore } from '../../service/accounts/account-store.ts';
import type { Account } from '../../service/accounts/account-store.ts';
import { openHome } from '../../service/accounts/home-store.ts';
import { newPasswordRecord } from '../../service/accounts/new-password.ts';
import type { PasswordRecord } from '../../service/accounts/password-proof.ts';
import { EXIT, LftpError } from '../../service/error.ts';
import { serverDataFolder } from '../../service/identity/data-folders.ts';
import { fingerprintOf } from '../../service/identity/keys.ts';
import { readPublicKey } from '../../service/identity/secret-key-store.ts';
import { pathText } from '../../service/path.ts';
import type { RemotePath } from '../../service/path.ts';
import { localFileError } from '../../service/store-errors.ts';
import { Folder } from '../../service/store-walk.ts';
import { accountFields, accountPage, accountTable } from '../account-text.ts';
import { readNewPassword } from '../ask-password.ts';
import type { CommandContext } from '../command-table.ts';
import type { Flags } from '../flag-values.ts';
import { readAccountChange } from '../user-flags.ts';

/** The home is made at once when the served folder is told, and else at the first login. */
export async function addUser(context: CommandContext): Promise<number> {
  const { operands, flags, output } = context;
  const [name = ''] = operands;
  checkAccountName(name);
  const home = flags.home === undefined ? [name] : parseHome(flags.home);
  const keys = flags.key === undefined ? [] : [await readPublicKey(flags.key)];
  const password = await firstPassword(context, name);
  if (flags.root !== undefined) await makeHome(flags.root, home);
  const store = await AccountStore.open(dataFolder(flags));
  try {
    store.add({ name, home, keys, password }, Date.now());
  } finally {
    store.close();
  }
  output.event('account', { change: 'added', name, home: pathText(home) });
  output.say(`The account ${name} is there; its home is ${pathText(home)} of the served folder.`);
  return EXIT.OK;
}

export async function setPassword(context: CommandContext): Promise<number> {
  const { operands, flags, output } = context;
  const [name = ''] = operands;
  checkAccountName(name);
  const store = await AccountStore.openExisting(dataFolder(flags));
  try {
    // Nobody should type a password twice to learn that there is no such account.
    requireAccount(store, name);
    store.setPassword(name, await askPassword(context), Date.now());
  } finally {
    store.close();
  }
  output.event('account', { change: 'password', name });
  output.say(`The account ${name} has a new password.`);
  return EXIT.OK;
}

export async function changeKey(context: CommandContext): Promise<number> {
  const { operands, flags, output } = context;
  const [name = '', file = ''] = operands;
  checkAccountName(name);
  const change = flags.isRemoval ? 'key-removed' : 'key-added';
  const isNamed = flags.isRemoval && parseFingerprint(file) !== undefined;
  const key = isNamed ? undefined : await readPublicKey(file);
  const fingerprint = key === undefined ? file : fingerprintOf(key.publicKey);
  const store = await AccountStore.openExisting(dataFolder(flags));
  try {
    if (flags.isRemoval || key === undefined) {
      if (store.removeKey(name, fingerprint) === undefined) throw noKeyError(name, fingerprint);
    } else if (!store.addKey(name, key, Date.now())) throw sameKeyError(name, fingerprint);
  } finally {
    store.close();
  }
  output.event('account', { change, name, fingerprint });
  const verb = flags.isRemoval ? 'no longer' : 'now';
  output.say(`The key ${fingerprint} may ${verb} log in as ${name}.`);
  return EXIT.OK;
}

export async function listUsers({ flags, output }: CommandContext): Promise<number> {
  const store = await AccountStore.openExisting(dataFolder(flags));
  try {
    const accounts = store.list();
    for (const account of accounts) output.event('account', accountFields(account));
    if (!output.options.json) output.show(accountTable(accounts));
    return EXIT.OK;
  } finally {
    store.close();
  }
}

export async function showUser({ operands, flags, output }: CommandContext): Promise<number> {
  const [name = ''] = operands;
  checkAccountName(name);
  const store = await AccountStore.openExisting(dataFolder(flags));
  try {
    const account = requireAccount(store, name);
    output.event('account', accountFields(account));
    if (!output.options.json) output.show(accountPage(account));
    return EXIT.OK;
  } finally {
    store.close();
  }
}

/** A server that runs has noticed within a second, and what it says counts for running sessions. */
export async function setUser(context: CommandContext): Promise<number> {
  const { operands, flags, source, output } = context;
  const [name = ''] = operands;
  checkAccountName(name);
  const change = readAccountChange(source, Date.now());
  const store = await AccountStore.openExisting(dataFolder(flags));
  try {
    store.change(name, change, Date.now());
    const account = requireAccount(store, name);
    output.event('account', { change: 'set', ...accountFields(account) });
    if (!output.options.json) output.show(accountPage(account));
    return EXIT.OK;
  } finally {
    store.close();
  }
}

/** Only the account goes: files are never removed by the way. */
export async function removeUser({ operands, flags, output }: CommandContext): Promise<number> {
  const [name = ''] = operands;
  checkAccountName(name);
  const store = await AccountStore.openExisting(dataFolder(flags));
  try {
    store.remove(name);
  } finally {
    store.close();
  }
  output.event('account', { change: 'removed', name });
  output.say(`The account ${name} is gone; the files in its home are still there.`);
  return EXIT.OK;
}

/** Whoever has a key needs no password, unless one is handed over too. */
async function firstPassword(
  context: CommandContext,
  name: string,
): Promise<PasswordRecord | undefined> {
  const { flags } = context;
  if (flags.key !== undefined && !flags.isPasswordFromStdin) return undefined;
  context.output.detail(`a password for ${name}`);
  return await askPassword(context);
}

async function askPassword({ flags, interrupts }: CommandContext): Promise<PasswordRecord> {
  const { signal } = interrupts;
  const onInterrupt = (): void => interrupts.interrupt();
  const source = { input: process.stdin, screen: process.stderr, signal, onInterrupt };
  const password = await readNewPassword(source, flags.isPasswordFromStdin);
  const record = await newPasswordRecord(password);
  signal.throwIfAborted();
  return record;
}

async function makeHome(rootPath: string, home: RemotePath): Promise<void> {
  const root = await Folder.openRoot(rootPath).catch((error: unknown) => {
    throw localFileError(error, rootPath);
  });
  try {
    const folder = await openHome(root, home);
    await folder.close();
  } finally {
    await root.close();
  }
}

function requireAccount(store: AccountStore, name: string): Account {
  const account = store.find(name);
  if (account !== undefined) return account;
  throw new LftpError(EXIT.MISSING, 'local', `there is no account "${name}"`, {
    hint: 'lftp user list shows those there are; check --data.',
  });
}

function noKeyError(name: string, fingerprint: string): LftpError {
  return new LftpError(EXIT.MISSING, 'local', `${name} has no key ${fingerprint}`, {
    hint: 'lftp user list shows the keys of every account.',
  });
}

function sameKeyError(name: string, fingerprint: string): LftpError {
  return new LftpError(EXIT.EXISTS, 'local', `${name} has the key ${fingerprint} already`, {
    hint: 'Nothing has to be done.',
  });
}

function dataFolder(flags: Flags): string {
  return flags.data ?? serverDataFolder(process.env);
}
