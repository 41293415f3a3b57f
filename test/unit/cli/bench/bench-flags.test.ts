import { describe, expect, it } from 'vitest';
import { readBenchFlags } from '../../../../src/cli/bench/bench-flags.ts';
import type { BenchFlags } from '../../../../src/cli/bench/bench-flags.ts';
import {
  describeLink,
  directions,
  PLAIN_LINK,
  queueBytes,
} from '../../../../src/cli/bench/link-spec.ts';
import { groupRuns, isDrawn, planRuns } from '../../../../src/cli/bench/plan.ts';
import { PRESETS, presetList } from '../../../../src/cli/bench/presets.ts';
import { FlagSource } from '../../../../src/cli/flag-source.ts';
import { BENCH_FLAGS } from '../../../../src/cli/flags.ts';
import type { FlagName } from '../../../../src/cli/flags.ts';
import { CONTROLLER_NAMES } from '../../../../src/transport/config.ts';

const NAMES = Object.keys(BENCH_FLAGS) as FlagName[];

function read(raw: Record<string, unknown>, environment = {}): BenchFlags {
  return readBenchFlags(new FlagSource(raw, environment, NAMES));
}

describe('flags of the bench', () => {
  it('take units', () => {
    const { link, sizeBytes, runTimeMs } = read({
      rate: '155Mbit',
      rtt: '90ms',
      loss: '1%',
      'ack-loss': '0.05',
      burst: '3',
      jitter: '5 ms',
      reorder: '0.5%',
      dup: '1%',
      queue: '256KB',
      outage: '2s@5s, 500ms@10s',
      size: '50MB',
      'run-time': '2m',
    });
    expect(link).toEqual({
      rateBitsPerSecond: 155e6,
      rttMs: 90,
      loss: 0.01,
      ackLoss: 0.05,
      burst: 3,
      jitterMs: 5,
      reorder: 0.005,
      duplicate: 0.01,
      queue: { kind: 'bytes', bytes: 256_000 },
      outages: [
        { fromMs: 5_000, toMs: 7_000 },
        { fromMs: 10_000, toMs: 10_500 },
      ],
    });
    expect([sizeBytes, runTimeMs]).toEqual([50e6, 120_000]);
  });

  it.each([
    ['rate', '100'],
    ['rate', 'fast'],
    ['rtt', '-5ms'],
    ['rtt', '2h'],
    ['rtt', '20'],
    ['jitter', '0.5'],
    ['loss', '101%'],
    ['loss', '1.5'],
    ['loss', '1'],
    ['dup', '1.0'],
    ['ack-loss', 'none'],
    ['burst', '0.5'],
    ['jitter', 'much'],
    ['reorder', '1/3'],
    ['dup', ''],
    ['queue', '100'],
    ['queue', '0bdp'],
    ['outage', '2s'],
    ['outage', '2s@5s@9s'],
    ['outage', '3s@1s,1s@2s'],
    ['size', '0'],
    ['size', '200GB'],
    ['cc', 'newreno,nothing'],
    ['cc', 'newreno,'],
    ['runs', '0'],
    ['runs', '1000'],
    ['seed', '-1'],
    ['run-time', '0'],
    ['preset', 'moon'],
    ['preset', 'wifi,moon'],
  ])('refuse --%s %j', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(new RegExp(`^--${name}: `));
  });

  it('name the variable that is wrong', () => {
    expect(() => read({}, { LFTPU_LOSS: 'x' })).toThrow(/^LFTPU_LOSS: "x" is no share/);
    expect(read({}, { LFTPU_LOSS: '2%' }).link).toEqual({ loss: 0.02 });
  });

  it('take every controller there is, each once', () => {
    const all = CONTROLLER_NAMES.join(',');
    expect(read({ cc: `${all},${CONTROLLER_NAMES[0]}` }).controllers).toEqual(CONTROLLER_NAMES);
  });
});

describe('the plan', () => {
  it('lets controllers take turns, and raises the seed with each run', () => {
    const plan = planRuns(read({ cc: 'newreno,founding', runs: '2', seed: '5', preset: 'wifi' }));
    expect(plan.map(({ order }) => [order.controller, order.seed])).toEqual([
      ['newreno', 5],
      ['founding', 5],
      ['newreno', 6],
      ['founding', 6],
    ]);
    expect(groupRuns(plan).map((group) => group.length)).toEqual([2, 2]);
  });

  it('draws every run while they are few, and else the first of each row', () => {
    const count = (runs: string): number => {
      const plan = planRuns(read({ preset: 'wifi,mobile', cc: 'newreno,founding', runs }));
      return plan.filter((run) => isDrawn(plan, run)).length;
    };
    expect([count('3'), count('37'), count('38')]).toEqual([12, 148, 4]);
  });

  it('refuses a link that takes no virtual time, and only that', () => {
    const instant = { rate: '0', rtt: '0' };
    expect(() => planRuns(read({ ...instant, simulate: true }))).toThrow(/no virtual time/);
    expect(planRuns(read({ ...instant, simulate: true, jitter: '1ms' }))).toHaveLength(3);
    expect(planRuns(read(instant))).toHaveLength(3);
  });

  it('changes a preset by the flags beside it', () => {
    const [run] = planRuns(read({ preset: 'satellite', loss: '3%', size: '1MB' }));
    expect(run?.linkName).toBe('satellite');
    expect(run?.order).toMatchObject({ sizeBytes: 1e6, link: { rttMs: 600, loss: 0.03 } });
  });

  it('has all five rows of the classic table, at 155 Mbit/s', () => {
    const { presets } = read({ preset: 'classic' });
    expect(presets.map(({ link }) => [link.rttMs, link.loss])).toEqual([
      [10, 0.001],
      [90, 0.01],
      [150, 0.02],
      [200, 0.02],
      [550, 0.05],
    ]);
    expect(new Set(presets.map(({ link }) => link.rateBitsPerSecond))).toEqual(new Set([155e6]));
    expect(read({ preset: 'wifi,classic-90,wifi' }).presets).toHaveLength(2);
  });

  it('lists every preset by name', () => {
    for (const { name } of PRESETS) expect(presetList()).toContain(name);
    expect(read({ preset: 'list' }).wantsPresetList).toBe(true);
  });
});

describe('a link', () => {
  it('loses answers as it loses data, unless told otherwise', () => {
    const same = directions({ ...PLAIN_LINK, loss: 0.1 });
    expect([same.data.loss, same.answers.loss]).toEqual([0.1, 0.1]);
    const other = directions({ ...PLAIN_LINK, loss: 0.1, ackLoss: 0 });
    expect([other.data.loss, other.answers.loss]).toEqual([0.1, 0]);
    expect(other.data).toMatchObject({ delayMs: 10, mtuBytes: 1_472 });
  });

  it('has the queue of the lab, or as many products as asked for', () => {
    expect(queueBytes(PLAIN_LINK)).toBe(262_144);
    expect(queueBytes({ ...PLAIN_LINK, rttMs: 200 })).toBe(2_500_000);
    const half = { kind: 'products', products: 0.5 } as const;
    expect(queueBytes({ ...PLAIN_LINK, queue: half })).toBe(125_000);
    expect(queueBytes({ ...PLAIN_LINK, rttMs: 0, queue: half })).toBe(3_000);
  });

  it('is described by what it does, and not by what it does not', () => {
    expect(describeLink(PLAIN_LINK)).toBe('100 Mbit/s, RTT 20 ms, loss 0 %, queue 262 kB');
    const bad = { ...PLAIN_LINK, rateBitsPerSecond: 0, loss: 0.125, ackLoss: 0, burst: 3 };
    expect(describeLink({ ...bad, outages: [{ fromMs: 5_000, toMs: 7_000 }] })).toBe(
      'no rate limit, RTT 20 ms, loss 12.5 %, loss of answers 0 %, in bursts of 3, dark 2 s at 5 s',
    );
  });
});
