import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DATAGRAMS_PER_TURN, Driver, SEND_QUEUE_DATAGRAMS } from '../../../src/io/driver.ts';
import type { DriverOptions } from '../../../src/io/driver.ts';
import type { PeerAddress } from '../../../src/transport/types.ts';
import { FakeClock, FakeConnection, FakeEndpoint, FakeSocket, PEER } from './fakes.ts';

const BYTES = new Uint8Array(4);

let clock: FakeClock;
let endpoint: FakeEndpoint;
let socket: FakeSocket;

function drive(options: Partial<DriverOptions> = {}): Driver {
  const driver = new Driver({ clock, onEvent: () => undefined, ...options });
  driver.attach(endpoint, socket);
  return driver;
}

/** Lets real time pass for timers and the driver's clock alike. */
function pass(ms: number): void {
  for (let i = 0; i < ms; i += 1) {
    clock.ms += 1;
    vi.advanceTimersByTime(1);
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
  clock = new FakeClock();
  endpoint = new FakeEndpoint();
  socket = new FakeSocket();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a turn', () => {
  it('hands datagrams over at once and transmits once for the batch', () => {
    const driver = drive();
    endpoint.onDatagram = () => {
      endpoint.outgoing = 1;
    };
    for (let i = 0; i < 32; i += 1) driver.handleDatagram(BYTES, PEER);
    expect(endpoint.received).toHaveLength(32);
    expect(socket.sent).toHaveLength(0);
    pass(1);
    expect(socket.sent).toHaveLength(1);
    expect(driver.turns).toBe(1);
  });

  it('goes timeouts, transmits, events', () => {
    const connection = new FakeConnection();
    const driver = drive();
    endpoint.deadlineMs = clock.ms;
    endpoint.outgoing = 2;
    endpoint.events.push({ connection, event: { kind: 'readable' } });
    driver.flush();
    expect(endpoint.calls).toEqual(['timeout', 'transmit', 'transmit', 'event']);
  });

  it('does not run while nothing happens', () => {
    const driver = drive();
    driver.flush();
    pass(10_000);
    expect(driver.turns).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends a capped number of datagrams, yields and goes on', () => {
    const driver = drive();
    endpoint.outgoing = DATAGRAMS_PER_TURN + 10;
    driver.flush();
    expect(socket.sent).toHaveLength(DATAGRAMS_PER_TURN);
    pass(1);
    expect(socket.sent).toHaveLength(DATAGRAMS_PER_TURN + 10);
    expect(driver.turns).toBe(2);
  });

  it('watches the first send of each turn for failures', () => {
    const driver = drive();
    endpoint.outgoing = 3;
    driver.flush();
    expect(socket.sent.map((entry) => entry.watched)).toEqual([true, false, false]);
  });
});

describe('wake', () => {
  it('within a turn asks for one more, and no more than one', () => {
    const driver: Driver = drive({
      onEvent: () => {
        driver.wake();
        driver.wake();
        driver.flush();
      },
    });
    const connection = new FakeConnection();
    endpoint.events.push({ connection, event: { kind: 'readable' } });
    driver.flush();
    expect(driver.turns).toBe(1);
    pass(10);
    expect(driver.turns).toBe(2);
  });

  it('called many times between turns costs one turn', () => {
    const driver = drive();
    for (let i = 0; i < 100; i += 1) driver.wake();
    pass(5);
    expect(driver.turns).toBe(1);
  });
});

describe('the timer', () => {
  it('is one, and fires at the deadline', () => {
    const driver = drive();
    endpoint.deadlineMs = clock.ms + 50;
    driver.flush();
    expect(vi.getTimerCount()).toBe(1);
    pass(49);
    expect(endpoint.calls).toEqual([]);
    pass(1);
    expect(endpoint.calls).toEqual(['timeout']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is replaced by an earlier deadline and left alone by a later one', () => {
    const driver = drive();
    endpoint.deadlineMs = clock.ms + 500;
    driver.flush();
    endpoint.deadlineMs = clock.ms + 20;
    driver.flush();
    endpoint.deadlineMs = clock.ms + 100;
    driver.flush();
    expect(vi.getTimerCount()).toBe(1);
    pass(99);
    expect(endpoint.calls).toEqual([]);
    pass(1);
    expect(endpoint.calls).toEqual(['timeout']);
  });

  it('survives a deadline beyond what setTimeout takes', () => {
    const driver = drive();
    endpoint.deadlineMs = clock.ms + 400 * 86_400_000;
    driver.flush();
    pass(5);
    expect(driver.turns).toBe(1);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('does not spin when the deadline passes during a turn', () => {
    const driver = drive();
    endpoint.deadlineMs = clock.ms;
    endpoint.onTimeout = () => {
      endpoint.deadlineMs = clock.ms + 0.25;
    };
    driver.flush();
    pass(20);
    expect(driver.turns).toBeLessThanOrEqual(21);
  });
});

describe('a full socket', () => {
  it('is asked again a little later, and no queued buffer is written meanwhile', () => {
    const driver = drive();
    socket.takes = 0;
    endpoint.outgoing = SEND_QUEUE_DATAGRAMS + 20;
    driver.flush();
    expect(socket.sent).toHaveLength(SEND_QUEUE_DATAGRAMS);
    const first = socket.queued.map((bytes) => bytes[0]);
    expect(new Set(first).size).toBe(SEND_QUEUE_DATAGRAMS);
    pass(20);
    expect(socket.sent).toHaveLength(SEND_QUEUE_DATAGRAMS);
    expect(driver.turns).toBeLessThanOrEqual(22);
    expect(socket.queued.map((bytes) => bytes[0])).toEqual(first);
    socket.queued = [];
    socket.takes = Infinity;
    pass(2);
    expect(socket.sent).toHaveLength(SEND_QUEUE_DATAGRAMS + 20);
  });
});

describe('errors', () => {
  it('of a broken invariant go to onError, and the loop goes on without spinning', () => {
    const errors: Error[] = [];
    const driver = drive({ onError: (error) => errors.push(error) });
    endpoint.deadlineMs = clock.ms;
    endpoint.onTimeout = () => {
      throw new Error('invariant broken');
    };
    driver.flush();
    pass(1_000);
    expect(errors.length).toBeGreaterThan(5);
    expect(errors.length).toBeLessThanOrEqual(12);
    endpoint.onTimeout = () => {
      endpoint.deadlineMs = Infinity;
    };
    pass(200);
    endpoint.outgoing = 1;
    driver.wake();
    pass(1);
    expect(socket.sent).toHaveLength(1);
  });

  it('are thrown when nobody listens', () => {
    const driver = drive();
    endpoint.onDatagram = () => {
      throw new Error('invariant broken');
    };
    expect(() => {
      driver.handleDatagram(BYTES, PEER);
    }).toThrow('invariant broken');
  });
});

describe('turn ends', () => {
  it('are told after each turn until taken out', () => {
    const driver = drive();
    let ends = 0;
    const ended = (): void => {
      ends += 1;
    };
    driver.onTurnEnd(ended);
    driver.flush();
    driver.flush();
    driver.offTurnEnd(ended);
    driver.flush();
    expect(ends).toBe(2);
  });
});

describe('close', () => {
  it('leaves no timer behind and hears nothing any more', () => {
    const driver = drive();
    endpoint.deadlineMs = clock.ms + 10;
    driver.flush();
    driver.wake();
    driver.close();
    expect(vi.getTimerCount()).toBe(0);
    driver.handleDatagram(BYTES, PEER);
    driver.wake();
    pass(100);
    expect(endpoint.calls).toEqual([]);
  });

  it('within a turn ends the loop', () => {
    const driver: Driver = drive({
      onEvent: () => {
        driver.close();
      },
    });
    endpoint.deadlineMs = clock.ms + 10;
    endpoint.events.push({ connection: new FakeConnection(), event: { kind: 'peerFinished' } });
    driver.flush();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('trains', () => {
  const OTHER: PeerAddress = { key: 'b|2', address: '192.0.2.2', port: 2, family: 4 };

  /** Lengths and destinations of all that leaves, in order. */
  function outgoing(all: readonly (readonly [number, PeerAddress])[]): void {
    const left = all.map(([length, peer]) => ({ length, peer }));
    endpoint.outgoing = left.length;
    endpoint.next = () => left.shift()!;
  }

  beforeEach(() => {
    socket.takesTrains = true;
  });

  it('take what leaves for one peer in one length, and end with a shorter one', () => {
    const driver = drive();
    outgoing([100, 100, 100, 60, 100, 100].map((length) => [length, PEER]));
    driver.flush();
    expect(socket.sent.map(({ lengths }) => lengths)).toEqual([
      [100, 100, 100, 60],
      [100, 100],
    ]);
  });

  it('lose nothing and keep the order when peers and lengths alternate', () => {
    const driver = drive();
    outgoing([
      [100, PEER],
      [100, OTHER],
      [100, OTHER],
      [120, OTHER],
      [120, PEER],
    ]);
    driver.flush();
    expect(socket.sent.map(({ lengths, to }) => [to.key, ...lengths])).toEqual([
      ['a|1', 100],
      ['b|2', 100, 100],
      ['b|2', 120],
      ['a|1', 120],
    ]);
    expect(socket.sent.flatMap(({ firsts }) => firsts)).toEqual([4, 3, 2, 1, 0]);
  });

  it('stay one datagram each where the system cuts none', () => {
    socket.takesTrains = false;
    const driver = drive();
    outgoing([100, 100, 100].map((length) => [length, PEER]));
    driver.flush();
    expect(socket.sent.map(({ lengths }) => lengths)).toEqual([[100], [100], [100]]);
  });

  it('wait while the socket has one in its queue, and go on when that has left', () => {
    const driver = drive();
    socket.takes = 0;
    outgoing([100, 120, 140, 140].map((length) => [length, PEER]));
    driver.flush();
    expect(socket.sent.map(({ lengths }) => lengths)).toEqual([[100]]);
    socket.queued = [];
    socket.takes = Infinity;
    driver.handleDrained();
    vi.advanceTimersByTime(0);
    expect(socket.sent.map(({ lengths }) => lengths)).toEqual([[100], [120], [140, 140]]);
  });

  it('that begin with what did not fit wait whole when the socket is full', () => {
    const driver = drive();
    socket.takes = 0;
    outgoing([
      [100, PEER],
      [65_507, PEER],
      [100, PEER],
    ]);
    driver.flush();
    pass(3);
    expect(socket.sent.map(({ lengths }) => lengths)).toEqual([[100]]);
    socket.queued = [];
    socket.takes = Infinity;
    pass(3);
    expect(socket.sent.map(({ lengths }) => lengths)).toEqual([[100], [65_507], [100]]);
    expect(socket.sent.flatMap(({ firsts }) => firsts)).toEqual([2, 1, 0]);
  });

  it('that left need no turn when the socket says so', () => {
    const driver = drive();
    outgoing([[100, PEER]]);
    driver.flush();
    driver.handleDrained();
    pass(5);
    expect(driver.turns).toBe(1);
  });
});
