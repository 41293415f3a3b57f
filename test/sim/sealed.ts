/** Hosts that speak Noise in virtual time: the real primitives, seeded keys. */
import type { HostConfig } from '../../src/sim/host.ts';
import { loadPrimitives } from '../../src/io/primitives.ts';
import { type KeyLimits, noiseProtection } from '../../src/transport/noise-protection.ts';
import { Cookies as CookieMaker } from '../../src/crypto/cookie.ts';
import { resetToken } from '../../src/crypto/reset-token.ts';
import { addressBytes } from '../../src/io/address-bytes.ts';
import type { EndpointConfig } from '../../src/transport/config.ts';
import type { Cookies, Protection, ResetTokens } from '../../src/transport/protection.ts';
import { assert } from '../../src/util/assert.ts';
import { SeededRandom } from '../../src/util/random.ts';
import type { Node, Talk } from './net-node.ts';
import { Net, type NetOptions } from './net.ts';

export const PRIMITIVES = loadPrimitives();

/** 32 bytes that look random, the same for the same `seed`. */
export function secretOf(seed: number): Uint8Array {
  const random = new SeededRandom(seed);
  return Uint8Array.from({ length: 32 }, () => random.uint32() & 0xff);
}

export function noiseOf(seed: number, keyLimits: KeyLimits = {}): Protection {
  const random = new SeededRandom(seed + 1000);
  return noiseProtection({
    keyLimits,
    primitives: PRIMITIVES,
    staticSecret: secretOf(seed),
    entropy: (bytes) => Uint8Array.from({ length: bytes }, () => random.uint32() & 0xff),
  });
}

/** What the two hosts of a sealed pair have. */
export function sealedHosts(): {
  clientHost: Partial<HostConfig>;
  serverHost: Partial<HostConfig>;
} {
  return { clientHost: { protection: noiseOf(1) }, serverHost: { protection: noiseOf(2) } };
}

/** Tokens as a server makes them that keeps its secret over restarts. */
export function resetTokensOf(seed: number): ResetTokens {
  const secret = secretOf(seed);
  return {
    make: (peer, ownPort, peerPort) =>
      resetToken(PRIMITIVES, secret, {
        address: addressBytes(peer.address),
        udpPort: peer.port,
        clientPort: peerPort,
        serverPort: ownPort,
      }),
  };
}

export function cookiesOf(seed: number): Cookies {
  const maker = new CookieMaker(PRIMITIVES, 0, secretOf(seed));
  return {
    make: (nowMs, { address, port }, sourcePort) =>
      maker.make(nowMs, addressBytes(address), port, sourcePort),
    check: (nowMs, { address, port }, sourcePort, shown) =>
      maker.check(nowMs, addressBytes(address), port, sourcePort, shown),
  };
}

/** A server and a client at their addresses in a net, both sealed. */
export function sealedNet(
  options: NetOptions = {},
  config: Partial<EndpointConfig> = {},
): SealedNet {
  const net = new Net(options);
  const server = net.add(1, { protection: noiseOf(2), ...config });
  const client = net.add(2, { protection: noiseOf(1), accepts: false });
  return { net, server, client };
}

export interface SealedNet {
  readonly net: Net;
  readonly server: Node;
  readonly client: Node;
}

/** A sealed net whose client has opened a connection. */
export function openSealed(
  options: NetOptions = {},
  config: Partial<EndpointConfig> = {},
): SealedNet & { near: Talk; far: Talk } {
  const scene = sealedNet(options, config);
  const { net, server, client } = scene;
  const near = client.connect(net.nowMs, server);
  near.say('hello');
  const isOpen = net.runUntil(() => server.talks.at(-1)?.messages.length === 1, 5_000);
  assert(isOpen, 'the connection has opened');
  net.run(100);
  return { ...scene, near, far: server.newest };
}
