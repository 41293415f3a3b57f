/** What the program promises, and the tests that would notice if it were not so. */

export interface Proof {
  /** File of the tests. */
  readonly file: string;
  /** Part of their full names; of all in the file without it. */
  readonly title?: string;
  /** How often each of them tries it; once if left out. */
  readonly runs?: number;
  /** How often all of them together do at least, where a test of theirs holds it. */
  readonly leastRuns?: number;
}

export interface Promised {
  readonly promise: string;
  readonly proofs: readonly Proof[];
}

const SIM = 'test/sim';
const CRASH = 'test/crash';
const SERVICE = 'test/unit/service';

export const PROMISES: readonly Promised[] = [
  {
    promise: 'whatever a link does, every byte arrives once, in order, unchanged',
    proofs: [
      { file: `${SIM}/transfers-even.test.ts`, runs: 5_000 },
      { file: `${SIM}/transfers-odd.test.ts`, runs: 5_000 },
      { file: `${SIM}/sealed.test.ts`, title: 'three hundred seeds', runs: 300 },
    ],
  },
  {
    promise: 'a connection opens where 30 % get lost both ways',
    proofs: [{ file: `${SIM}/extreme-loss.test.ts`, title: '200 of 200', runs: 200 }],
  },
  {
    promise: 'a transfer ends well where 99 % get lost',
    proofs: [{ file: `${SIM}/extreme-loss.test.ts`, title: '99 % loss >' }],
  },
  {
    promise: 'a link that was dark is used again within two seconds of its return',
    proofs: [{ file: `${SIM}/bbr.test.ts`, title: 'is back within two seconds' }],
  },
  {
    promise: 'a client may change its address while it transfers',
    proofs: [
      { file: `${SIM}/address-change.test.ts`, title: 'twenty moves', runs: 20 },
      { file: `${SIM}/address-change.test.ts`, title: 'is found again' },
    ],
  },
  {
    promise: 'what the network adds or alters changes nothing',
    proofs: [
      { file: 'test/unit/wire/fuzz.test.ts', title: 'a million', runs: 1_000_000 },
      { file: `${SIM}/sealed-attacks.test.ts`, title: '2^17 forged', runs: 131_072 },
      { file: `${SIM}/sealed-attacks.test.ts`, title: 'replayed a minute later' },
      { file: `${SIM}/liar.test.ts`, title: 'at a thousand seeds', runs: 1_000 },
    ],
  },
  {
    promise: 'a flood of openings stops no transfer and keeps nobody out',
    proofs: [{ file: 'test/attacks/flood.test.ts' }],
  },
  {
    promise:
      'after a power cut a committed file is there and whole, any other is the old one or none',
    proofs: [{ file: `${CRASH}/power.test.ts`, leastRuns: 10_000 }],
  },
  {
    promise: 'when a disk fails nothing is committed that is not there, and the old file stays',
    proofs: [{ file: `${CRASH}/errors.test.ts`, title: 'P-COMMIT-03' }],
  },
  {
    promise: 'a transfer that broke off goes on, and what it kept is looked at anew',
    proofs: [
      { file: `${SERVICE}/resume/get-resume.test.ts` },
      { file: `${SERVICE}/resume/post-resume.test.ts` },
      { file: `${CRASH}/kept.test.ts` },
      { file: 'test/integration/resume.test.ts', title: 'killed in the middle' },
    ],
  },
  {
    promise: 'no path leads out of what is served',
    proofs: [
      { file: 'test/integration/confinement.test.ts' },
      { file: 'test/integration/confinement-names.test.ts' },
    ],
  },
  {
    promise: 'no account holds a byte or a file more than its quota',
    proofs: [
      { file: 'test/property/quota-ledger.test.ts' },
      { file: 'test/integration/quotas.test.ts' },
    ],
  },
  {
    promise: 'the simulator that shows this would notice its absence',
    proofs: [
      { file: `${SIM}/sabotage.test.ts`, title: 'at the seed of the table:' },
      { file: `${CRASH}/sabotage.test.ts` },
    ],
  },
];
