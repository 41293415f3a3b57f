/** How often each kind of trouble struck in one run. */
import type { Simulation } from './build-world.ts';
import { type Tallies, emptyTallies } from './fault-classes.ts';
import type { Invariants } from './invariants.ts';
import type { LinkCounters } from './link.ts';
import type { Scenario } from './scenario.ts';

export function tallyFaults(simulation: Simulation, invariants: Invariants): Tallies {
  const { scenario, world } = simulation;
  const tallies = emptyTallies();
  for (const { link } of world.ways) tallyLink(tallies, link.counters);
  for (const client of scenario.clients) {
    for (const way of [client.faultyUp, client.faultyDown]) {
      if (way.loss > 0 && way.burst > 1) tallies.burst += tallies.loss;
      if (way.loss >= 0.5) tallies.heavyLoss += 1;
      if (way.jitterMs > 0) tallies.jitter += 1;
    }
    const { faultyUp, faultyDown } = client;
    if (faultyUp.outages.length !== faultyDown.outages.length) tallies.partitionOneWay += 1;
  }
  tallies.misdelivery = world.misdelivered;
  tallies.pause = scenario.pauses.length;
  tallies.slowReader = countSlowReaders(scenario);
  for (const party of simulation.asking) {
    tallies.cancel += party.cancelledJobs;
    if (party.closeMode === 'abort' && party.closedBy?.kind === 'aborted') tallies.abort += 1;
  }
  for (const { endpoint, receivePool, hasExited } of world.hosts) {
    tallies.memory += receivePool.refusals + endpoint.stats().drops.noMemory;
    if (hasExited) tallies.exit += 1;
  }
  tallies.sealed = scenario.isSealed ? 1 : 0;
  tallies.nearWrap = scenario.isNearWrap ? 1 : 0;
  tallies.large = scenario.isLarge ? 1 : 0;
  tallies.zeroWindow = invariants.zeroWindows;
  return tallies;
}

function tallyLink(tallies: Tallies, counters: LinkCounters): void {
  tallies.loss += counters.losses;
  tallies.reorder += counters.reordered;
  tallies.duplicate += counters.duplicated;
  tallies.duplicateLate += counters.duplicatedLate;
  tallies.corrupt += counters.corrupted;
  tallies.truncate += counters.truncated;
  tallies.extend += counters.extended;
  tallies.queue += counters.queueDrops;
  tallies.mtu += counters.mtuDrops;
  tallies.partition += counters.outageDrops;
}

function countSlowReaders(scenario: Scenario): number {
  const habits = [
    scenario.serverHabits,
    ...scenario.clients.flatMap((client) => client.plans.map((plan) => plan.habits)),
  ];
  return habits.filter((entry) => entry.stallChance > 0).length;
}
