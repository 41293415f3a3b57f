/** One seed from its first SYN to the last closed port, and what came of it. */
import { PATIENCE_MS, type ProtectionOf, type Simulation, buildSimulation } from './build-world.ts';
import type { ClientParty } from './client-party.ts';
import { SimFailure, check, type CheckName } from './failure.ts';
import type { Tallies } from './fault-classes.ts';
import { Invariants, checkCopies, checkEmpty, checkEndings } from './invariants.ts';
import { type Scenario, drawScenario } from './scenario.ts';
import { tallyFaults } from './tally-faults.ts';
import { WireWatch } from './wire-watch.ts';
import type { ControllerName } from '../transport/config.ts';
import type { TraceSink } from '../transport/trace.ts';

export interface SeedOptions {
  /** Where traces go, by host; no trace when absent. */
  readonly traceOf?: (host: number) => TraceSink;
  /** Real keys in place of the scenario's toys. */
  readonly protectionOf?: ProtectionOf;
  /** Another controller than the one drawn. */
  readonly controller?: ControllerName;
  /** Largest datagram that every host can send, so that datagrams grow (P-MTU-02). */
  readonly hostLimitBytes?: number;
  /** Called once the world stands, for example to add an observer. */
  readonly onBuilt?: (simulation: Simulation) => void;
  /** Costly checks every so many turns. */
  readonly auditEveryTurns?: number;
}

export interface SeedResult {
  readonly seed: number;
  readonly ok: boolean;
  /** Which check failed. */
  readonly check: CheckName | undefined;
  /** What is wrong, with the command that replays it; empty when nothing is. */
  readonly failure: string;
  readonly traceHash: string;
  readonly virtualMs: number;
  /** From the end of the faults to the last transfer's end; 0 when all ended before. */
  readonly afterHealMs: number;
  readonly turns: number;
  readonly datagrams: number;
  readonly transfers: number;
  /** Sides that never heard the peer's last word, and left by patience with all they wanted. */
  readonly missedGoodbyes: number;
  readonly bytes: number;
  /** How often each kind of trouble struck. */
  readonly tallies: Tallies;
}

/** Moments in one run. */
const MAX_STEPS = 4_000_000;
/** Round trips, timeouts and pauses that the end of a run may take whatever the size. */
const LIVENESS_BASE_MS = 300_000;
/** A pause is measured as a round trip; timeouts last several of those until they know better. */
const TIMEOUTS_PER_PAUSE = 16;
/** After the last connection closed, everything that rests must go within this time. */
const REST_MS = 30_000_000;

export function runSeed(seed: number, options: SeedOptions = {}): SeedResult {
  const drawn = drawScenario(seed);
  const { controller = drawn.controller } = options;
  return runScenario({ ...drawn, controller }, options);
}

export function runScenario(scenario: Scenario, options: SeedOptions = {}): SeedResult {
  const { traceOf, protectionOf, hostLimitBytes } = options;
  const simulation = buildSimulation(scenario, traceOf, protectionOf, hostLimitBytes);
  const invariants = new Invariants(options.auditEveryTurns);
  const { world } = simulation;
  world.observe(invariants);
  world.observe(new WireWatch());
  options.onBuilt?.(simulation);
  let failure: SimFailure | undefined;
  let end = { doneMs: 0, missedGoodbyes: 0 };
  try {
    end = runToEnd(simulation, invariants);
  } catch (error) {
    failure = asFailure(error);
  }
  const chosen = options.controller === undefined ? '' : ` --cc ${options.controller}`;
  const where = `seed ${scenario.seed} at ${world.nowMs.toFixed(3)} ms`;
  return {
    seed: scenario.seed,
    ok: failure === undefined,
    check: failure?.check,
    failure:
      failure === undefined
        ? ''
        : `${where}: [${failure.check}] ${failure.message}\n` +
          `  replay: npm run replay -- ${scenario.seed}${chosen} --trace`,
    traceHash: world.traceHash,
    virtualMs: world.nowMs,
    afterHealMs: Math.max(0, end.doneMs - scenario.healMs),
    missedGoodbyes: end.missedGoodbyes,
    turns: world.turns,
    datagrams: world.datagrams,
    transfers: simulation.asking.reduce((sum, party) => sum + party.jobsDone, 0),
    bytes: countBytes(simulation),
    tallies: tallyFaults(simulation, invariants),
  };
}

interface End {
  readonly doneMs: number;
  readonly missedGoodbyes: number;
}

function runToEnd(simulation: Simulation, invariants: Invariants): End {
  const { world, scenario } = simulation;
  const expected = scenario.clients.reduce((sum, client) => sum + client.plans.length, 0);
  const deadlineMs = scenario.healMs + livenessMs(scenario);
  const hasAll = (): boolean =>
    simulation.asking.length === expected &&
    simulation.asking.every((party) => party.isComplete || party.closedBy !== undefined);
  const isGone = (party: ClientParty): boolean =>
    party.closedBy !== undefined || (scenario.clientsExit && party.mayExit);
  const isOver = (): boolean =>
    hasAll() &&
    simulation.asking.every(isGone) &&
    simulation.answering.every((party) => party.closedBy !== undefined);
  let doneMs = Infinity;
  while (!isOver()) {
    const nextMs = world.nextMs();
    if (doneMs === Infinity && hasAll()) doneMs = world.nowMs;
    const limitMs = doneMs === Infinity ? deadlineMs : deadlineMs + 2 * PATIENCE_MS;
    check(nextMs <= limitMs, 'unfinished', () => describe(simulation));
    world.step();
    if (scenario.clientsExit) exitClients(simulation, isGone);
    check(world.steps < MAX_STEPS, 'spin', () => `${world.steps} steps`);
  }
  doneMs = Math.min(doneMs, world.nowMs);
  const restMs = Math.max(world.nowMs, scenario.healMs) + REST_MS;
  while (world.step(restMs)) {
    check(world.steps < MAX_STEPS, 'spin', () => `${world.steps} steps`);
  }
  for (const host of world.hosts) if (!host.hasExited) invariants.audit(host);
  const missedGoodbyes = checkEndings(simulation);
  checkCopies(simulation);
  checkEmpty(simulation);
  return { doneMs, missedGoodbyes };
}

/** Ends the programs of clients that have nothing left to do but wait. */
function exitClients(simulation: Simulation, isGone: (party: ClientParty) => boolean): void {
  const { clients, scenario } = simulation;
  clients.forEach((host, i) => {
    const isLast = host.parties.length === scenario.clients[i]!.plans.length;
    if (host.hasExited || !isLast) return;
    const asking = simulation.asking.filter((party) => host.parties.includes(party));
    if (asking.every(isGone) && asking.some((party) => party.closedBy === undefined)) host.exit();
  });
}

/** Virtual time within which everything must have ended once the faults have. */
function livenessMs(scenario: Scenario): number {
  let slowestMs = 0;
  for (const { plans, soundUp, soundDown } of scenario.clients) {
    let bytes = 0;
    for (const plan of plans) for (const job of plan.jobs) bytes += job.sizeBytes;
    for (const { rateBitsPerSecond } of [soundUp, soundDown]) {
      if (rateBitsPerSecond > 0) {
        slowestMs = Math.max(slowestMs, (bytes * 8_000) / rateBitsPerSecond);
      }
    }
  }
  let pauseMs = 0;
  for (const { fromMs, toMs } of scenario.pauses) {
    pauseMs = Math.max(pauseMs, Math.min(toMs, scenario.healMs) - fromMs);
  }
  return LIVENESS_BASE_MS + TIMEOUTS_PER_PAUSE * pauseMs + 3 * slowestMs;
}

function describe(simulation: Simulation): string {
  const open = [...simulation.asking, ...simulation.answering].filter(
    (party) => party.closedBy === undefined,
  );
  const next = simulation.world.nextMs();
  const parties = open.map((party) => party.describe()).join(' | ');
  return `unfinished, next step at ${next} ms: ${parties}`;
}

function asFailure(error: unknown): SimFailure {
  if (error instanceof SimFailure) return error;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new SimFailure('assertion', text);
}

function countBytes(simulation: Simulation): number {
  const parties = [...simulation.asking, ...simulation.answering];
  return parties.reduce((sum, party) => sum + party.stream.bytesReceived, 0);
}
