import { describe, expect, it } from 'vitest';
import { ByteReader } from '../fuzz/byte-reader.ts';
import { SERVER, SOURCES, World } from '../fuzz/endpoint-world.ts';

const MINUTE_MS = 60_000;
const STEP_MS = 500;

/** Brings everything to the other side until nothing is under way; notes what the server hears. */
function converse(world: World, heard: Uint8Array[]): void {
  while (world.toServer.length + world.toClient.length > 0) {
    for (const { from, bytes } of world.toServer.splice(0)) {
      heard.push(bytes);
      world.sendToServer(from, bytes);
    }
    for (const bytes of world.toClient.splice(0)) world.sendToClient(bytes);
    world.rest();
  }
}

function pass(world: World, ms: number, heard: Uint8Array[]): void {
  for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
    world.advance(STEP_MS);
    converse(world, heard);
  }
}

describe('a whole session that is replayed a minute later, in virtual time', () => {
  it.each([
    ['from where it came', SOURCES[0]!],
    ['from elsewhere', SOURCES[3]!],
  ])('P-TXN-04 changes nothing, %s', (_, from) => {
    const world = new World(true, new ByteReader(Uint8Array.of(0)));
    const { client, server } = world;
    const connection = client.endpoint.connect(0, SERVER);
    const heard: Uint8Array[] = [];
    world.rest();
    converse(world, heard);
    for (let i = 0; i < 5; i += 1) {
      client.sendMessage(connection);
      client.sendData(connection, 5_000);
      pass(world, STEP_MS, heard);
    }
    const old = heard.slice();
    // Less than the idle limit: the connection that is replayed at is alive.
    pass(world, MINUTE_MS - 5_000, heard);
    const [accepted] = server.endpoint.connections();
    const state = (): unknown => {
      const app = { ...server.appOf(accepted!) };
      const { bytesDelivered, bytesAcknowledged, segmentsReceived } = accepted!.stats();
      return { app, bytesDelivered, bytesAcknowledged, segmentsReceived, peer: accepted!.peer.key };
    };
    const before = state();
    const sentBefore = server.endpoint.stats().accepted;
    expect(old.length).toBeGreaterThan(20);
    for (const bytes of old) {
      world.sendToServer(from, bytes);
      world.rest();
    }
    expect(state()).toEqual(before);
    // From elsewhere the SYN is a new one: a half-open entry that nobody can complete.
    expect(server.endpoint.stats().accepted - sentBefore).toBeLessThanOrEqual(1);
    client.sendMessage(connection);
    world.rest();
    converse(world, heard);
    expect(server.appOf(accepted!).messagesRead).toBe(6);
    world.end();
  });
});
