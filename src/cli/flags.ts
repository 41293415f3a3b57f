/** Every flag, its variable and its meaning, in one table. Values are read in flag-values.ts. */

export interface FlagSpec {
  readonly alias?: string;
  /** switch: there or not. count: may repeat. text: takes a value. */
  readonly kind: 'switch' | 'count' | 'text';
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly describe: string;
}

const COMMON = {
  json: { kind: 'switch', describe: 'print events as JSON lines on standard output' },
  quiet: { kind: 'switch', alias: 'q', describe: 'print only errors' },
  verbose: { kind: 'count', alias: 'v', describe: 'print more' },
  'log-file': { kind: 'text', value: 'FILE', describe: 'write a JSON log to FILE' },
} as const satisfies Record<string, FlagSpec>;

const CONTROLLER = {
  cc: {
    kind: 'text',
    value: 'NAME',
    describe: 'congestion controller: newreno, cubic, bbr, bbr-tolerant, founding',
  },
} as const satisfies Record<string, FlagSpec>;

const CONNECTION = {
  ...CONTROLLER,
  patience: { kind: 'text', value: 'TIME', describe: 'silence borne; 30s, 0 = for ever' },
  'max-time': { kind: 'text', value: 'TIME', describe: 'most time for the whole command' },
  'no-wait': { kind: 'switch', describe: 'leave a server that is full at once' },
  ipv4: { kind: 'switch', alias: '4', describe: 'use IPv4 only' },
  ipv6: { kind: 'switch', alias: '6', describe: 'use IPv6 only' },
} as const satisfies Record<string, FlagSpec>;

const DATA = {
  data: { kind: 'text', value: 'DIR', describe: 'folder of host key and accounts' },
} as const satisfies Record<string, FlagSpec>;

const KNOWN_HOSTS = {
  'known-hosts': { kind: 'text', value: 'FILE', describe: 'host keys that are trusted' },
} as const satisfies Record<string, FlagSpec>;

const PASSWORD_STDIN = {
  'password-stdin': { kind: 'switch', describe: 'read the password from standard input' },
} as const satisfies Record<string, FlagSpec>;

const INSECURE = {
  insecure: { kind: 'switch', describe: 'no keys and no sealing: for teaching only' },
} as const satisfies Record<string, FlagSpec>;

/** Who the other side is, and who this one is. */
const TRUST = {
  'host-key': { kind: 'text', value: 'RULE', describe: 'unknown key: ask, accept-new, strict' },
  fingerprint: { kind: 'text', value: 'SHA256:…', describe: 'the only host key that is right' },
  ...KNOWN_HOSTS,
  identity: { kind: 'text', alias: 'i', value: 'KEY', describe: 'secret key to log in with' },
  'password-file': { kind: 'text', value: 'FILE', describe: 'read the password from FILE' },
  ...PASSWORD_STDIN,
  ...INSECURE,
} as const satisfies Record<string, FlagSpec>;

const TRANSFER = {
  progress: { kind: 'text', value: 'HOW', describe: 'auto, bar, plain or none' },
  preserve: { kind: 'switch', alias: 'p', describe: 'keep time and permissions' },
  overwrite: { kind: 'text', value: 'RULE', describe: 'always, never, older or differ' },
} as const satisfies Record<string, FlagSpec>;

export const SERVE_FLAGS = {
  host: { kind: 'text', value: 'HOST', describe: 'address to listen on; every address' },
  port: { kind: 'text', alias: 'P', value: 'PORT', describe: 'UDP port; 10000, 0 = any free' },
  anonymous: { kind: 'text', value: 'RIGHT', describe: 'without account: off, ro, rw, drop' },
  'max-clients': { kind: 'text', value: 'N', describe: 'clients served at once; 1024' },
  'max-clients-per-source': {
    kind: 'text',
    value: 'N',
    describe: 'of one source, without account; all but 1 in 64',
  },
  idle: { kind: 'text', value: 'TIME', describe: 'a session without a command ends; 5m' },
  'max-patience': { kind: 'text', value: 'TIME', describe: 'most patience granted; 2m' },
  ...DATA,
  cookie: { kind: 'text', value: 'WHEN', describe: 'prove the address: load, always' },
  ...INSECURE,
  ...CONTROLLER,
  ...COMMON,
} as const satisfies Record<string, FlagSpec>;

export const TRANSFER_FLAGS = {
  ...TRANSFER,
  ...CONNECTION,
  ...TRUST,
  ...COMMON,
} as const satisfies Record<string, FlagSpec>;

/** Of commands that go on with single files, and also move whole trees. */
export const TREE_FLAGS = {
  recursive: { kind: 'switch', alias: 'r', describe: 'a folder with all that is in it' },
  resume: { kind: 'text', value: 'RULE', describe: 'file changed since: restart, strict' },
  'no-resume': { kind: 'switch', describe: 'keep nothing of a file that breaks off, nor go on' },
  'retry-time': { kind: 'text', value: 'TIME', describe: 'tries without new bytes; 15m, 0 = none' },
  ...TRANSFER_FLAGS,
} as const satisfies Record<string, FlagSpec>;

export const SHELL_FLAGS = {
  batch: { kind: 'text', alias: 'b', value: 'FILE', describe: 'run the commands in FILE' },
  command: { kind: 'text', alias: 'c', value: "'CMD; …'", describe: 'run these commands' },
  ...TRANSFER_FLAGS,
} as const satisfies Record<string, FlagSpec>;

/** Of one-shot verbs that move no file. */
export const OPERATION_FLAGS = {
  ...CONNECTION,
  ...TRUST,
  ...COMMON,
} as const satisfies Record<string, FlagSpec>;

export const LIST_FLAGS = {
  long: { kind: 'switch', alias: 'l', describe: 'with mode, size and time' },
  all: { kind: 'switch', alias: 'a', describe: 'also names that begin with a dot' },
  sort: { kind: 'text', value: 'BY', describe: 'name, size or time' },
  reverse: { kind: 'switch', alias: 'r', describe: 'the other way round' },
  ...OPERATION_FLAGS,
} as const satisfies Record<string, FlagSpec>;

export const MKDIR_FLAGS = {
  parents: { kind: 'switch', alias: 'p', describe: 'also what is missing above it' },
  ...OPERATION_FLAGS,
} as const satisfies Record<string, FlagSpec>;

export const MOVE_FLAGS = {
  overwrite: { kind: 'text', value: 'RULE', describe: 'a file that is there: never, always' },
  ...OPERATION_FLAGS,
} as const satisfies Record<string, FlagSpec>;

export const REMOVE_FLAGS = {
  recursive: { kind: 'switch', alias: 'r', describe: 'a folder with all that is in it' },
  ...OPERATION_FLAGS,
} as const satisfies Record<string, FlagSpec>;

export const TOUCH_FLAGS = {
  time: { kind: 'text', value: 'TIME', describe: 'such as 2026-01-31T12:00:00Z; now' },
  ...OPERATION_FLAGS,
} as const satisfies Record<string, FlagSpec>;

/** The link is the same both ways, except for --ack-loss. */
export const BENCH_FLAGS = {
  preset: { kind: 'text', value: 'NAMES', describe: 'links by name, a,b,c; list shows them' },
  rate: { kind: 'text', value: 'RATE', describe: 'line rate; 100Mbit, 0 = no limit' },
  rtt: { kind: 'text', value: 'TIME', describe: 'round trip without queueing; 20ms' },
  loss: { kind: 'text', value: 'SHARE', describe: 'lost on the way from the sender; 0%' },
  'ack-loss': { kind: 'text', value: 'SHARE', describe: 'lost on the way back; as --loss' },
  burst: { kind: 'text', value: 'N', describe: 'mean length of a run of losses; 1' },
  jitter: { kind: 'text', value: 'TIME', describe: 'extra delay of up to this, in order; 0' },
  reorder: { kind: 'text', value: 'SHARE', describe: 'held back 1-10 ms and overtaken; 0%' },
  dup: { kind: 'text', value: 'SHARE', describe: 'arrive twice; 0%' },
  queue: { kind: 'text', value: 'SIZE', describe: 'before the line: 256KB, 2bdp; 1bdp or 256KiB' },
  outage: { kind: 'text', value: 'LIST', describe: 'nothing passes: 2s@5s = for 2s from 5s on, …' },
  size: { kind: 'text', value: 'SIZE', describe: 'of the file; 20MB' },
  cc: { kind: 'text', value: 'NAMES', describe: "the sender's controllers by name, a,b,c" },
  runs: { kind: 'text', value: 'N', describe: 'of each row, the median counts; 3' },
  seed: { kind: 'text', value: 'N', describe: 'of the first run, the next has N+1; 1' },
  'run-time': { kind: 'text', value: 'TIME', describe: 'cuts longer runs off; 30s' },
  report: { kind: 'text', value: 'FILE', describe: 'write a page with plots to FILE' },
  simulate: { kind: 'switch', describe: 'virtual time: exact, and the same every time' },
  progress: TRANSFER.progress,
  'max-time': CONNECTION['max-time'],
  ...COMMON,
} as const satisfies Record<string, FlagSpec>;

/** Of commands that look at what is here, and at nothing else. */
export const OUTPUT_FLAGS = COMMON;

export const KEYGEN_FLAGS = {
  file: { kind: 'text', alias: 'f', value: 'FILE', describe: 'where the secret key goes' },
  comment: { kind: 'text', value: 'TEXT', describe: 'stands behind the public key' },
  ...COMMON,
} as const satisfies Record<string, FlagSpec>;

export const HOSTKEY_SHOW_FLAGS = {
  ...DATA,
  host: { kind: 'text', value: 'HOST', describe: 'in the address shown; every address' },
  port: { kind: 'text', alias: 'P', value: 'PORT', describe: 'in the address shown; 10000' },
  ...COMMON,
} as const satisfies Record<string, FlagSpec>;

export const TRUST_FLAGS = {
  ...KNOWN_HOSTS,
  ...COMMON,
} as const satisfies Record<string, FlagSpec>;

export const USER_FLAGS = { ...DATA, ...COMMON } as const satisfies Record<string, FlagSpec>;

export const USER_PASSWORD_FLAGS = {
  ...PASSWORD_STDIN,
  ...USER_FLAGS,
} as const satisfies Record<string, FlagSpec>;

export const USER_ADD_FLAGS = {
  home: { kind: 'text', value: 'DIR', describe: 'home inside the served folder; NAME' },
  key: { kind: 'text', value: 'FILE', describe: 'public key that may log in' },
  root: { kind: 'text', value: 'DIR', describe: 'served folder: make the home now' },
  ...USER_PASSWORD_FLAGS,
} as const satisfies Record<string, FlagSpec>;

export const USER_KEY_FLAGS = {
  remove: { kind: 'switch', describe: 'take the key away' },
  ...USER_FLAGS,
} as const satisfies Record<string, FlagSpec>;

/** What can be changed of an account. */
export const USER_SET_FLAGS = {
  allow: { kind: 'text', value: 'RIGHTS', describe: 'give rights, of all or of RIGHTS:/folder' },
  deny: { kind: 'text', value: 'RIGHTS', describe: 'keep rights back, in the same way' },
  inherit: { kind: 'text', value: '/FOLDER', describe: 'take away what is said about a folder' },
  quota: { kind: 'text', value: 'SIZE', describe: 'most bytes in its home, or none' },
  'quota-files': { kind: 'text', value: 'N', describe: 'most files in its home, or none' },
  rate: { kind: 'text', value: 'RATE', describe: 'of all its sessions each way, or none' },
  sessions: { kind: 'text', value: 'N', describe: 'most sessions at once, or none' },
  expires: { kind: 'text', value: 'DATE', describe: 'nobody comes in from then on, or none' },
  disable: { kind: 'switch', describe: 'nobody comes in, and sessions end' },
  enable: { kind: 'switch', describe: 'the opposite' },
  home: { kind: 'text', value: 'DIR', describe: 'home inside the served folder' },
  ...USER_FLAGS,
} as const satisfies Record<string, FlagSpec>;

export type FlagName =
  | keyof typeof SERVE_FLAGS
  | keyof typeof SHELL_FLAGS
  | keyof typeof TREE_FLAGS
  | keyof typeof LIST_FLAGS
  | keyof typeof MKDIR_FLAGS
  | keyof typeof TOUCH_FLAGS
  | keyof typeof BENCH_FLAGS
  | keyof typeof KEYGEN_FLAGS
  | keyof typeof HOSTKEY_SHOW_FLAGS
  | keyof typeof TRUST_FLAGS
  | keyof typeof USER_ADD_FLAGS
  | keyof typeof USER_SET_FLAGS
  | keyof typeof USER_KEY_FLAGS;

/** The variable that sets a flag: `--max-time` is LFTPU_MAX_TIME. */
export function flagVariable(name: string): string {
  return `LFTPU_${name.replaceAll('-', '_').toUpperCase()}`;
}
