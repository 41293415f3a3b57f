/** Secret keys on disk: the server's `host.key` and a client's `id` with its `id.pub`. */
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fromBase64url, toBase64url } from '../../crypto/base64url.ts';
import { formatKeyLine, parseKeyLine } from '../../crypto/fingerprint.ts';
import type { KeyLine } from '../../crypto/fingerprint.ts';
import { KEY_BYTES } from '../../crypto/primitives.ts';
import { EXIT, LftpError } from '../error.ts';
import { KEY_FILE_MAX_BYTES, MAX_KEY_COMMENT } from '../limits.ts';
import { publicKeyOf } from './keys.ts';
import {
  badFile,
  createFile,
  makeFolder,
  makeServerFolder,
  readSmallFile,
  replaceFile,
} from './private-store.ts';

/** Another word than that of a public key, so that one is never taken for the other. */
const SECRET_TYPE = 'lftp-x25519-secret';

export interface KeyPair {
  /** X25519, 32 bytes; whoever is done with it overwrites it. */
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array;
}

export function hostKeyFile(dataFolder: string): string {
  return join(dataFolder, 'host.key');
}

/**
 * The server's key, made now if there is none. Of several first starts at once one makes it, and
 * all of them use that one.
 * @throws LftpError 11, 14; a damaged key is never replaced, since every client trusts the old one
 */
export async function openHostKey(dataFolder: string): Promise<KeyPair> {
  await makeServerFolder(dataFolder);
  const found = await readHostKey(dataFolder);
  if (found !== undefined) return found;
  const path = hostKeyFile(dataFolder);
  const pair = makePair();
  if (await createFile(path, secretLine(pair.secret), 0o600)) return pair;
  pair.secret.fill(0);
  const winner = await readHostKey(dataFolder);
  if (winner !== undefined) return winner;
  throw badFile(path, 'it came and went while it was read', 'Try again.');
}

/**
 * The server's key, or undefined if there is none yet.
 * @throws LftpError 14
 */
export async function readHostKey(dataFolder: string): Promise<KeyPair | undefined> {
  const hint =
    'Restore it from a backup. If there is none, move it away: the next start makes a new key, ' +
    'and every client has to trust that one anew.';
  return await readSecret(hostKeyFile(dataFolder), hint);
}

/**
 * A client's key.
 * @throws LftpError 14 when it is not there, damaged, or others can read it
 */
export async function readIdentity(path: string): Promise<KeyPair> {
  const pair = await readSecret(path, 'Restore it from a backup, or make another: lftp keygen');
  if (pair !== undefined) return pair;
  throw new LftpError(EXIT.LOCAL_IO, 'local', 'there is no such key', {
    path,
    hint: 'Check the name, or make one: lftp keygen',
  });
}

/**
 * Makes a client's key: `path`, 0600, and `path`.pub to give away.
 * @throws LftpError 11, 14; 18 when either is there
 */
export async function createIdentity(path: string, comment: string): Promise<KeyLine> {
  await makeFolder(dirname(path));
  const publicPath = `${path}.pub`;
  for (const taken of [path, publicPath]) {
    if ((await readSmallFile(taken, KEY_FILE_MAX_BYTES, false)) !== undefined) throw exists(taken);
  }
  const { secret, publicKey } = makePair();
  try {
    if (!(await createFile(path, secretLine(secret), 0o600))) throw exists(path);
  } finally {
    secret.fill(0);
  }
  const line = `${formatKeyLine(publicKey, comment)}\n`;
  if (!(await createFile(publicPath, line, 0o644))) throw exists(publicPath);
  return { publicKey, comment };
}

/**
 * A public key from a file with one key line.
 * @throws LftpError 14
 */
export async function readPublicKey(path: string): Promise<KeyLine> {
  const text = await readSmallFile(path, KEY_FILE_MAX_BYTES, false);
  if (text === undefined) {
    throw badFile(
      path,
      'there is no such file',
      'Name a file such as id.pub, made by lftp keygen.',
    );
  }
  const rows = text.split('\n').filter((row) => row.trim() !== '' && !row.startsWith('#'));
  const [row = '', ...more] = rows;
  if (row.startsWith(SECRET_TYPE)) {
    const hint = 'Name the file beside it that ends in .pub.';
    throw badFile(path, 'this is a secret key, and only the public one is wanted', hint);
  }
  const key = more.length === 0 ? parseKeyLine(row.trim()) : undefined;
  if (key !== undefined && commentFault(key.comment) === undefined) return key;
  throw badFile(path, 'it holds no line such as lftp-x25519 BASE64URL comment');
}

/** Where the key waits that the server will have next. */
export function nextHostKeyFile(dataFolder: string): string {
  return join(dataFolder, 'host.key.next');
}

function oldHostKeyFile(dataFolder: string): string {
  return join(dataFolder, 'host.key.old');
}

/** The key that the server will have next, if one was made. @throws LftpError 14 */
export async function readNextHostKey(dataFolder: string): Promise<KeyPair | undefined> {
  return await readSecret(nextHostKeyFile(dataFolder), 'Take it away, and make another.');
}

/** The key that the server had before, if it was ever changed. @throws LftpError 14 */
export async function readOldHostKey(dataFolder: string): Promise<KeyPair | undefined> {
  return await readSecret(oldHostKeyFile(dataFolder), 'Take it away: no client will miss it.');
}

/**
 * Makes the key that the server will have next, and announces until then.
 * @throws LftpError 18 when there is one already, 11, 14
 */
export async function createNextHostKey(dataFolder: string): Promise<Uint8Array> {
  await makeServerFolder(dataFolder);
  const path = nextHostKeyFile(dataFolder);
  const { secret, publicKey } = makePair();
  try {
    if (!(await createFile(path, secretLine(secret), 0o600))) throw exists(path);
  } finally {
    secret.fill(0);
  }
  return publicKey;
}

/**
 * The next key becomes the key, and the key of before is kept as `host.key.old`.
 * @returns the public key that counts from the next start on
 * @throws LftpError 14
 */
export async function rotateHostKey(dataFolder: string): Promise<Uint8Array> {
  const path = nextHostKeyFile(dataFolder);
  const next = await readNextHostKey(dataFolder);
  if (next === undefined) {
    throw badFile(path, 'there is no next key', 'Make one some time before: lftp hostkey next');
  }
  next.secret.fill(0);
  await replaceFile(hostKeyFile(dataFolder), path, oldHostKeyFile(dataFolder));
  return next.publicKey;
}

/** The reason why `comment` may not stand behind a key, or undefined. */
export function commentFault(comment: string): string | undefined {
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(comment)) return 'it holds a control character';
  if (comment.length > MAX_KEY_COMMENT) return `it is longer than ${MAX_KEY_COMMENT} letters`;
  return comment === comment.trim() ? undefined : 'it starts or ends with a blank';
}

function makePair(): KeyPair {
  const secret = new Uint8Array(randomBytes(KEY_BYTES));
  return { secret, publicKey: publicKeyOf(secret) };
}

function secretLine(secret: Uint8Array): string {
  return `${SECRET_TYPE} ${toBase64url(secret)}\n`;
}

/** The same, if there is one. @throws LftpError 14 for one that cannot be used */
export async function tryIdentity(path: string): Promise<KeyPair | undefined> {
  return await readSecret(path, 'Restore it from a backup, or make another: lftp keygen');
}

async function readSecret(path: string, hint: string): Promise<KeyPair | undefined> {
  const text = await readSmallFile(path, KEY_FILE_MAX_BYTES, true);
  if (text === undefined) return undefined;
  const [type, value = '', ...more] = text.trim().split(' ');
  const isLine = type === SECRET_TYPE && more.length === 0;
  const secret = isLine ? fromBase64url(value) : undefined;
  if (secret?.length !== KEY_BYTES) throw badFile(path, 'this key file is damaged', hint);
  return { secret, publicKey: publicKeyOf(secret) };
}

function exists(path: string): LftpError {
  return new LftpError(EXIT.EXISTS, 'local', 'it exists already and was left as it is', {
    path,
    hint: 'Choose another place with -f, or move the old key away.',
  });
}
