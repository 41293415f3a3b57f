/**
 * One end of a Noise XX handshake, ours and those of two other implementations, behind one face.
 *
 * `@chainsafe/libp2p-noise` exports only its stream layer, so its handshake state is loaded by its
 * path inside the package; it runs on its own JavaScript cryptography, which shares no code with
 * ours. `noise-handshake` knows BLAKE2b alone, and brings libsodium's.
 */
import { createRequire } from 'node:module';
import { defaultCrypto, pureJsCrypto } from '@chainsafe/libp2p-noise/crypto';
import { NoiseXX } from '../../src/crypto/noise-xx.ts';
import { loadPrimitives, type Library } from '../../src/io/primitives.ts';

export interface Secrets {
  readonly staticSecret: Uint8Array;
  readonly ephemeralSecret: Uint8Array;
  readonly prologue: Uint8Array;
}

export interface Result {
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
  readonly hash: Uint8Array;
  readonly remoteStatic: Uint8Array;
}

export interface End {
  write(payload: Uint8Array): Uint8Array;
  /** @throws when the message is refused */
  read(message: Uint8Array): Uint8Array;
  /** After message 3. */
  result(): Result;
}

export type MakeEnd = (initiator: boolean, secrets: Secrets) => End;

/** More than a handshake message has beyond its payload. */
const ROOM_BYTES = 128;

/** Ours, by one of the libraries. */
export function ourEnds(library: Library, hashName: 'SHA256' | 'BLAKE2b'): MakeEnd {
  const primitives = loadPrimitives(library, hashName);
  return (initiator, secrets) => {
    const noise = new NoiseXX({ primitives, initiator, ...secrets });
    return {
      write: (payload) => {
        const out = new Uint8Array(payload.length + ROOM_BYTES);
        return out.slice(0, noise.writeMessage(payload, out, 0));
      },
      read: (message) => {
        const copy = new Uint8Array(message);
        const range = noise.readMessage(copy, 0, copy.length);
        if (range === undefined) throw new Error('our end refused the message');
        return copy.slice(range.from, range.to);
      },
      result: () => {
        const { remoteStatic, handshakeHash: hash } = noise;
        return { ...noise.split(), hash, remoteStatic: remoteStatic ?? new Uint8Array(0) };
      },
    };
  };
}

interface KeyPair {
  publicKey: Uint8Array;
  privateKey: Uint8Array;
}

/** Arrays of that package are lists of arrays; `subarray` makes one of them. */
interface Bytes {
  subarray(): Uint8Array;
}

interface Libp2pState {
  readonly ss: { readonly h: Bytes; split(): [{ k: Bytes }, { k: Bytes }] };
  readonly rs: Bytes;
  writeMessageA(payload: Uint8Array): Bytes;
  writeMessageB(payload: Uint8Array): Bytes;
  writeMessageC(payload: Uint8Array): Bytes;
  readMessageA(message: Bytes): Bytes;
  readMessageB(message: Bytes): Bytes;
  readMessageC(message: Bytes): Bytes;
}

interface Libp2pModules {
  readonly XXHandshakeState: new (init: object) => Libp2pState;
  readonly wrapCrypto: (source: typeof pureJsCrypto) => object;
  readonly Uint8ArrayList: new (...parts: Uint8Array[]) => Bytes;
}

async function loadLibp2p(): Promise<Libp2pModules> {
  const entry = import.meta.resolve('@chainsafe/libp2p-noise');
  const load = async (path: string): Promise<Libp2pModules> =>
    (await import(new URL(path, entry).href)) as Libp2pModules;
  const { XXHandshakeState } = await load('./protocol.js');
  const { wrapCrypto } = await load('./crypto.js');
  const list = new URL('../../../../uint8arraylist/dist/src/index.js', entry);
  const { Uint8ArrayList } = (await import(list.href)) as Libp2pModules;
  return { XXHandshakeState, wrapCrypto, Uint8ArrayList };
}

/** Its own cryptography in JavaScript, or the one it chooses on Node: five times as fast. */
const LIBP2P_CRYPTO = { pure: pureJsCrypto, default: defaultCrypto };

/** SHA-256. */
export async function libp2pEnds(kind: keyof typeof LIBP2P_CRYPTO): Promise<MakeEnd> {
  const { XXHandshakeState, wrapCrypto, Uint8ArrayList } = await loadLibp2p();
  const source = LIBP2P_CRYPTO[kind];
  const pairOf = (secret: Uint8Array): KeyPair => source.generateX25519KeyPairFromSeed(secret);
  return (initiator, secrets) => {
    const state = new XXHandshakeState({
      crypto: {
        ...wrapCrypto(source),
        generateKeypair: () => pairOf(secrets.ephemeralSecret),
      },
      protocolName: 'Noise_XX_25519_ChaChaPoly_SHA256',
      initiator,
      prologue: secrets.prologue,
      s: pairOf(secrets.staticSecret),
    });
    const writers = ['writeMessageA', 'writeMessageB', 'writeMessageC'] as const;
    const readers = ['readMessageA', 'readMessageB', 'readMessageC'] as const;
    let step = -1;
    const next = <T>(names: readonly T[]): T => {
      step += 1;
      const name = names[step];
      if (name === undefined) throw new Error('a fourth message');
      return name;
    };
    return {
      write: (payload) => state[next(writers)](payload).subarray(),
      read: (message) => state[next(readers)](new Uint8ArrayList(message)).subarray(),
      result: () => {
        const [{ k: first }, { k: second }] = state.ss.split();
        const [initiators, responders] = [first.subarray(), second.subarray()];
        return {
          send: initiator ? initiators : responders,
          receive: initiator ? responders : initiators,
          hash: state.ss.h.subarray(),
          remoteStatic: state.rs.subarray(),
        };
      },
    };
  };
}

interface HolepunchPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** What is used of that package, which brings no types. */
interface HolepunchState {
  e: HolepunchPair | null;
  readonly tx: Uint8Array;
  readonly rx: Uint8Array;
  readonly hash: Uint8Array;
  readonly rs: Uint8Array;
  initialise(prologue: Uint8Array): void;
  send(payload: Uint8Array): Uint8Array;
  recv(message: Uint8Array): Uint8Array;
}

type MakeHolepunch = new (
  pattern: string,
  initiator: boolean,
  pair: HolepunchPair,
) => HolepunchState;

/** BLAKE2b. */
export function holepunchEnds(): MakeEnd {
  const require = createRequire(import.meta.url);
  const NoiseState = require('noise-handshake') as MakeHolepunch;
  const primitives = loadPrimitives('sodium');
  const pairOf = (secret: Uint8Array): HolepunchPair => ({
    publicKey: primitives.publicKey(secret),
    // The package wipes what it is given.
    secretKey: secret.slice(),
  });
  return (initiator, secrets) => {
    const noise = new NoiseState('XX', initiator, pairOf(secrets.staticSecret));
    noise.e = pairOf(secrets.ephemeralSecret);
    noise.initialise(secrets.prologue);
    return {
      write: (payload) => noise.send(payload),
      read: (message) => noise.recv(message),
      result: () => ({
        send: noise.tx,
        receive: noise.rx,
        hash: noise.hash,
        remoteStatic: noise.rs,
      }),
    };
  };
}
