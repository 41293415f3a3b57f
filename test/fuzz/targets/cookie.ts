/** Cookies and reset tokens: nothing but what was made for this very source is taken. */
import { Cookies, COOKIE_LIFETIME_MS } from '../../../src/crypto/cookie.ts';
import { resetToken } from '../../../src/crypto/reset-token.ts';
import { PRIMITIVES, secretOf } from '../../sim/sealed.ts';
import { ByteReader } from '../byte-reader.ts';
import { demand, type Target } from '../target.ts';

interface Source {
  readonly address: Uint8Array;
  readonly udpPort: number;
  readonly clientPort: number;
}

function readSource(reader: ByteReader): Source {
  const length = (reader.byte() & 1) === 0 ? 4 : 16;
  const address = new Uint8Array(length);
  address.set(reader.take(length));
  return { address, udpPort: reader.uint16(), clientPort: reader.uint16() };
}

function isSame(a: Source, b: Source): boolean {
  const isSamePort = a.udpPort === b.udpPort && a.clientPort === b.clientPort;
  return isSamePort && Buffer.compare(a.address, b.address) === 0;
}

const TIMES_MS = [0, 1, 999, 5_000, 29_999, 30_000, 31_000, 61_000, 125_000];

function run(bytes: Uint8Array): void {
  const reader = new ByteReader(bytes);
  const madeMs = 1_000 * reader.uint16();
  const cookies = new Cookies(PRIMITIVES, madeMs, secretOf(1));
  const [source, other] = [readSource(reader), readSource(reader)];
  const cookie = cookies.make(madeMs, source.address, source.udpPort, source.clientPort);
  const laterMs = madeMs + reader.pick(TIMES_MS);
  for (let i = reader.byte() % 3; i > 0; i -= 1) cookies.rotate(laterMs, secretOf(10 + i));
  const rotations = bytes.length;
  const shown = cookie.slice();
  const edits = reader.byte() % 4;
  for (let i = 0; i < edits; i += 1) shown[reader.byte() % shown.length]! ^= reader.byte();
  const from = (reader.byte() & 1) === 0 ? source : other;
  const isTaken = cookies.check(laterMs, from.address, from.udpPort, from.clientPort, shown);
  const isHonest = Buffer.compare(shown, cookie) === 0 && isSame(from, source);
  if (isTaken) {
    demand(isHonest, 'a cookie that was not made for this source');
    demand(laterMs - madeMs <= COOKIE_LIFETIME_MS, 'a cookie that is too old');
  }
  demand(rotations >= 0 && shown.length === 20, 'a cookie of another length');
  const raw = reader.rest();
  const isRawTaken = cookies.check(laterMs, from.address, from.udpPort, from.clientPort, raw);
  demand(!isRawTaken || Buffer.compare(raw, cookie) === 0, 'a cookie out of thin air');
  checkToken(source, other);
}

function checkToken(source: Source, other: Source): void {
  const tokenOf = ({ address, udpPort, clientPort }: Source) =>
    resetToken(PRIMITIVES, secretOf(2), { address, udpPort, clientPort, serverPort: 5 });
  const token = tokenOf(source);
  const isAlike = Buffer.compare(token, tokenOf(other)) === 0;
  demand(isAlike === isSame(source, other), 'one token for two connections');
}

export const target: Target = {
  run,
  seeds: [new Uint8Array(24), Uint8Array.from({ length: 60 }, (_, i) => i)],
  maxBytes: 96,
};
