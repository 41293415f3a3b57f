/** Puts a scenario's hosts, links, applications and troubles into a world. */
import { INSECURE_VERSION } from '../wire/codes.ts';
import { plainProtection, type Protection } from '../transport/protection.ts';
import { SeededRandom } from '../util/random.ts';
import { DEFAULT_CONNECTION_CONFIG, type ConnectionConfig } from '../transport/config.ts';
import { PASS_THROUGH, type Sealer, toyMac } from '../transport/seal.ts';
import { NO_TRACE, type TraceSink } from '../transport/trace.ts';
import { ClientParty } from './client-party.ts';
import { Host, type HostConfig } from './host.ts';
import { Link } from './link.ts';
import { HEALTHY_HABITS, type ClientScenario, type Scenario } from './scenario.ts';
import { ServerParty } from './server-party.ts';
import { drawTuning } from './tuning-draw.ts';
import { World } from './world.ts';

/** Silence that both sides bear: more than any drawn fault lasts, so that connections survive. */
export const PATIENCE_MS = 1_000_000;
const MAX_CONNECTIONS = 1_024;
/** How near to the wrap of 32 bits the numbers of some seeds start. */
const NEAR_WRAP = 1_000;

export interface Simulation {
  readonly world: World;
  readonly scenario: Scenario;
  readonly server: Host;
  readonly clients: readonly Host[];
  /** Bytes that the sealer appends to every payload. */
  readonly sealOverheadBytes: number;
  /** Parties that the clients opened. */
  readonly asking: ClientParty[];
  /** Parties of accepted connections. */
  readonly answering: ServerParty[];
}

/** The protection of host 0, the server, and of the clients. */
export type ProtectionOf = (host: number) => Protection;

/**
 * @param traceOf the trace sink of each host; host 0 is the server
 * @param protectionOf real keys for each host, in place of the scenario's toys
 * @param hostLimitBytes largest datagram that every host can send; without it none grows
 */
export function buildSimulation(
  scenario: Scenario,
  traceOf: (host: number) => TraceSink = () => NO_TRACE,
  protectionOf?: ProtectionOf,
  hostLimitBytes?: number,
): Simulation {
  const { seed } = scenario;
  const world = new World(SeededRandom.named(seed, 'misdelivery'));
  world.misdelivery = scenario.misdelivery;
  const { receivePoolBytes } = scenario;
  const configOf = (index: number): HostConfig => {
    const plain = hostConfig(scenario, index, traceOf(index));
    const config =
      hostLimitBytes === undefined ? plain : { ...plain, pathLimitBytes: () => hostLimitBytes };
    return protectionOf === undefined ? config : { ...config, protection: protectionOf(index) };
  };
  const server = new Host(0, seed, configOf(0), receivePoolBytes);
  world.addHost(server);
  const clients = scenario.clients.map((_, i) => {
    const host = new Host(i + 1, seed, configOf(i + 1), receivePoolBytes);
    world.addHost(host);
    return host;
  });
  const own = protectionOf?.(0).begin(true) ?? sealerOf(scenario);
  const sealOverheadBytes = own.overheadBytes;
  const shape = { world, scenario, server, clients, sealOverheadBytes };
  const simulation = { ...shape, asking: [], answering: [] };
  acceptConnections(simulation);
  scenario.clients.forEach((plan, i) => {
    addClient(simulation, clients[i]!, plan);
  });
  scheduleTroubles(simulation);
  return simulation;
}

function hostConfig(scenario: Scenario, index: number, trace: TraceSink): HostConfig {
  const random = SeededRandom.named(scenario.seed, `wrap ${index}`);
  const start = (): number => (0x1_0000_0000 - random.integer(1, NEAR_WRAP)) >>> 0;
  return {
    accepts: index === 0,
    maxConnections: MAX_CONNECTIONS,
    maxPatienceMs: PATIENCE_MS,
    protection: plainProtection(sealerOf(scenario), INSECURE_VERSION),
    earlyPoolBytes: scenario.earlyPoolBytes,
    connection: connectionConfig(scenario, index),
    trace,
    ...(scenario.isNearWrap ? { initialSeq: start(), initialTxn: start() } : {}),
  };
}

function sealerOf(scenario: Scenario): Sealer {
  return scenario.isSealed ? toyMac(scenario.seed) : PASS_THROUGH;
}

function connectionConfig(scenario: Scenario, host: number): ConnectionConfig {
  return {
    ...DEFAULT_CONNECTION_CONFIG,
    controller: scenario.controller,
    ...drawTuning(scenario, host),
    receiveWindowBytes: scenario.receiveWindowBytes,
    initialReceiveWindowBytes: scenario.initialReceiveWindowBytes,
    receiveWindowSegments: scenario.receiveWindowSegments,
    patienceMs: PATIENCE_MS,
    ...(scenario.isLarge ? { initialWindowSegments: 20_000 } : {}),
  };
}

function acceptConnections(simulation: Simulation): void {
  const { server, scenario, answering } = simulation;
  server.accept = (connection) => {
    const random = SeededRandom.named(scenario.seed, `answering ${answering.length}`);
    const party = new ServerParty(connection, scenario.serverHabits, server.sendPool, random);
    answering.push(party);
    server.parties.push(party);
  };
}

function addClient(simulation: Simulation, host: Host, plan: ClientScenario): void {
  const { world, server, asking, scenario } = simulation;
  const random = (name: string): SeededRandom =>
    SeededRandom.named(scenario.seed, `${name} ${host.index}`);
  world.connect(host, server, new Link(plan.faultyUp, random('up')));
  world.connect(server, host, new Link(plan.faultyDown, random('down')));
  plan.plans.forEach((entry, i) => {
    world.schedule(plan.startMs[i]!, (nowMs) => {
      const connection = host.endpoint.connect(nowMs, server.address);
      const party = new ClientParty(connection, entry, host.sendPool, random(`asking ${i}`));
      asking.push(party);
      host.parties.push(party);
      if (nowMs >= scenario.healMs) party.heal(HEALTHY_HABITS);
      party.work(nowMs);
      world.touch(host);
    });
  });
}

function scheduleTroubles(simulation: Simulation): void {
  const { world, scenario, clients } = simulation;
  for (const pause of scenario.pauses) {
    world.schedule(pause.fromMs, () => {
      world.pause(world.hosts[pause.host]!, pause.toMs);
    });
  }
  for (const { atMs, client, mtuBytes } of scenario.mtuChanges) {
    world.schedule(atMs, () => {
      for (const { from, to, link } of world.ways) {
        if (from === clients[client - 1] || to === clients[client - 1]) link.mtuBytes = mtuBytes;
      }
    });
  }
  world.schedule(scenario.healMs, () => {
    heal(simulation);
  });
}

/** Ends every fault; the size of the path stays what it is, for that is no fault. */
function heal(simulation: Simulation): void {
  const { world, scenario, clients, server } = simulation;
  world.misdelivery = 0;
  for (const { from, to, link } of world.ways) {
    const client = from === server ? to : from;
    const plan = scenario.clients[clients.indexOf(client)]!;
    const sound = from === server ? plan.soundDown : plan.soundUp;
    link.configure({ ...sound, mtuBytes: link.options.mtuBytes });
  }
  for (const host of world.hosts) {
    if (host.hasExited) continue;
    host.pausedUntilMs = 0;
    for (const party of host.parties) party.heal(HEALTHY_HABITS);
    world.touch(host);
  }
}
