import { expect, it } from 'vitest';
import type { Endpoint } from '../../src/transport/endpoint.ts';
import { Crowd } from './crowd.ts';
import { type Pair, buildPair, jobOf, open, planOf, runUntil } from './pair.ts';

const BYTES = 262_144;

function openIdle(count: number): Pair {
  const pair = buildPair({ seed: 3, up: { delayMs: 5 }, down: { delayMs: 5 } });
  const { world, client, server } = pair;
  for (let i = 0; i < count; i += 1) {
    client.endpoint.connect(world.nowMs, server.address);
    world.touch(client);
    runUntil(pair, world.nowMs + 30, () => false);
  }
  expect(server.endpoint.connectionCount).toBe(count);
  return pair;
}

function stepsOf(pair: Pair): number {
  const steps = (endpoint: Endpoint): number => endpoint.stats().steps;
  return steps(pair.client.endpoint) + steps(pair.server.endpoint);
}

/** Steps that one transfer takes beside `others` connections that rest. */
function stepsBeside(others: number): number {
  const pair = openIdle(others);
  const before = stepsOf(pair);
  const party = open(pair, planOf([jobOf('get', BYTES)]));
  expect(runUntil(pair, pair.world.nowMs + 5_000, () => party.isComplete)).toBe(true);
  return stepsOf(pair) - before;
}

it('does no work for connections to which nothing happens', { timeout: 120_000 }, () => {
  const alone = stepsBeside(1);
  const crowded = stepsBeside(1_000);
  process.stdout.write(
    `steps of one transfer: ${alone} beside 1 connection, ${crowded} beside 1,000\n`,
  );
  expect(crowded).toBeLessThanOrEqual(alone * 1.1 + 50);
});

/** The server's work for each datagram while `count` clients fetch a small file at once. */
function workWith(count: number): { readonly steps: number; readonly movesPerStep: number } {
  const crowd = new Crowd({ hosts: 1, fileBytes: 4_096 });
  for (let i = 0; i < count; i += 1) {
    crowd.connect(0);
    // No faster, or those of one source that are half open would be too many.
    if (i % 5 === 4) crowd.run(1);
  }
  crowd.run(200);
  expect(crowd.received[0]).toBe(count * 4_096);
  const { steps, heapMoves, datagramsReceived, datagramsSent } = crowd.server.stats();
  return { steps: steps / (datagramsReceived + datagramsSent), movesPerStep: heapMoves / steps };
}

it(
  'does the same work per datagram for 10 busy connections and for 10,000',
  {
    timeout: 120_000,
  },
  () => {
    const few = workWith(10);
    const many = workWith(10_000);
    process.stdout.write(
      `steps per datagram: ${few.steps.toFixed(2)} with 10 busy connections, ` +
        `${many.steps.toFixed(2)} with 10,000; places moved in the heap per step: ` +
        `${few.movesPerStep.toFixed(2)} and ${many.movesPerStep.toFixed(2)}\n`,
    );
    expect(many.steps).toBeLessThanOrEqual(1.1 * few.steps);
    // The heap is 14 deep.
    expect(many.movesPerStep).toBeLessThanOrEqual(14);
  },
);
