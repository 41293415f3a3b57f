/**
 * Handshakes between our implementation and another one: the same secrets must give the same
 * messages, keys, hash and identities, whichever of the two speaks first.
 */
import { type Random, SeededRandom } from '../../src/util/random.ts';
import type { End, MakeEnd, Result, Secrets } from './ends.ts';

const MAX_PROLOGUE_BYTES = 1200;
const MAX_PAYLOAD_BYTES = 300;

interface Script {
  readonly initiator: Secrets;
  readonly responder: Secrets;
  readonly payloads: readonly Uint8Array[];
}

function bytesFrom(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.uint32() & 0xff);
}

function scriptOf(seed: number): Script {
  const random = new SeededRandom(seed);
  const prologue = bytesFrom(random, random.integer(0, MAX_PROLOGUE_BYTES));
  const secrets = (): Secrets => ({
    staticSecret: bytesFrom(random, 32),
    ephemeralSecret: bytesFrom(random, 32),
    prologue,
  });
  const payloads = [0, 1, 2].map(() => bytesFrom(random, random.integer(0, MAX_PAYLOAD_BYTES)));
  return { initiator: secrets(), responder: secrets(), payloads };
}

interface Outcome {
  readonly messages: readonly string[];
  readonly payloads: readonly string[];
  readonly initiator: Record<keyof Result, string>;
  readonly responder: Record<keyof Result, string>;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function told({ send, receive, hash, remoteStatic }: Result): Outcome['initiator'] {
  return {
    send: hexOf(send),
    receive: hexOf(receive),
    hash: hexOf(hash),
    remoteStatic: hexOf(remoteStatic),
  };
}

function run(script: Script, makeInitiator: MakeEnd, makeResponder: MakeEnd): Outcome {
  const initiator = makeInitiator(true, script.initiator);
  const responder = makeResponder(false, script.responder);
  const messages: string[] = [];
  const payloads = script.payloads.map((payload, index) => {
    const [writer, reader]: [End, End] =
      index % 2 === 0 ? [initiator, responder] : [responder, initiator];
    const message = writer.write(payload);
    messages.push(hexOf(message));
    return hexOf(reader.read(message));
  });
  return {
    messages,
    payloads,
    initiator: told(initiator.result()),
    responder: told(responder.result()),
  };
}

/**
 * One handshake of both implementations, roles by the seed, and the same one of ours alone.
 * @returns what differs, or undefined
 */
export function compareHandshake(seed: number, ours: MakeEnd, theirs: MakeEnd): string | undefined {
  const script = scriptOf(seed);
  const alone = run(script, ours, ours);
  const mixed = seed % 2 === 0 ? run(script, ours, theirs) : run(script, theirs, ours);
  const isSame =
    JSON.stringify(mixed) === JSON.stringify(alone) &&
    mixed.initiator.send === mixed.responder.receive &&
    mixed.initiator.receive === mixed.responder.send &&
    mixed.initiator.hash === mixed.responder.hash &&
    JSON.stringify(mixed.payloads) === JSON.stringify(script.payloads.map(hexOf));
  return isSame ? undefined : `seed ${seed}: ${JSON.stringify({ alone, mixed })}`;
}
