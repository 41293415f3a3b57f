/** Names and paths that somebody might send who wants out of the served folder. */
export interface HostilePath {
  readonly kind: string;
  readonly path: readonly string[];
  /** False: it is an odd name but a name, and lands exactly there or is missing. */
  readonly isRefused: boolean;
}

interface Name {
  readonly kind: string;
  readonly name: string;
  readonly isRefused: boolean;
}

const CONTROLS = [
  ...Array.from({ length: 32 }, (_, code) => code),
  ...Array.from({ length: 33 }, (_, index) => 0x7f + index),
].map((code) => String.fromCharCode(code));

const PRIVATE = '.lftp-udp';

const TRAVERSALS = ['..', '.', '', '/', '//', '../', '/..', '../..', './.', './x', 'x/', 'x/..'];
const TRAVERSALS_IN_ONE = [
  'x/../..',
  '../secret',
  '../../secret',
  '/etc/passwd',
  '//etc/passwd',
  'sub/../../secret',
  '/proc/self/root/etc/passwd',
  'C:/Windows/win.ini',
  '\\\\?\\C:/x',
  'file:///etc/passwd',
];

/** Legal names on the file systems that are served, however they look. */
const ODD_NAMES = [
  '...',
  '....',
  '.. ',
  ' ..',
  '..;',
  '..\\',
  '..\\..\\secret',
  '\\',
  '\\\\server\\share',
  'C:\\Windows\\win.ini',
  'C:',
  '%2e%2e',
  '%2e%2e%2fsecret',
  '..%2fsecret',
  '..%c0%af',
  '%00',
  '\\x00',
  '\\u002e\\u002e',
  '..\u2215secret',
  '\u2025',
  '\u2024\u2024',
  '\uff0e\uff0e',
  '\uff0e\uff0e\uff0fsecret',
  '\u2044etc',
  '\u29f8etc',
  '\u200b..',
  '..\u200b',
  '\u202e..',
  '\ufeff..',
  '.\u0307',
  '~',
  '~root',
  '$HOME',
  '`id`',
  '$(id)',
  '; rm -rf x',
  '-rf',
  '--help',
  '*',
  '?',
  '|id',
  'a:b',
  'a::$DATA',
  'name.',
  'name ',
  '__proto__',
  'constructor',
  '.git',
  '.ssh',
  '.htaccess',
  'x'.repeat(255),
  '\ufffd',
  '\u{1f642}'.repeat(63),
];

const LOOK_ALIKES = [
  '.lftp\u2010udp',
  '.lftp\u2011udp',
  '.lftp_udp',
  '\u2024lftp-udp',
  '\uff0elftp-udp',
  '.\u217cftp-udp',
  '.lftp-udp.',
  '.lftp-udp ',
  '.lftp-udp\u200b',
  '.l\u200bftp-udp',
  'lftp-udp',
  '.lftp-ud\u0440',
];

const DEVICES = ['CON', 'PRN', 'AUX', 'NUL', 'COM1', 'COM9', 'LPT1', 'COM\u00b9', 'CONIN$'];
const DEVICE_SUFFIXES = ['', '.txt', ' ', '.', ':', '.tar.gz'];

/** `.lftp-udp` with each letter large or small. */
function casesOf(name: string): string[] {
  return name.split('').reduce<string[]>(
    (heads, letter) =>
      heads.flatMap((head) => {
        const large = letter.toUpperCase();
        return large === letter ? [head + letter] : [head + letter, head + large];
      }),
    [''],
  );
}

function names(): Name[] {
  const refused = (kind: string, all: readonly string[]): Name[] =>
    all.map((name) => ({ kind, name, isRefused: true }));
  const odd = (kind: string, all: readonly string[]): Name[] =>
    all.map((name) => ({ kind, name, isRefused: false }));
  const devices = DEVICES.flatMap((name) =>
    DEVICE_SUFFIXES.flatMap((suffix) => [name + suffix, name.toLowerCase() + suffix]),
  );
  return [
    ...refused('traversal', [...TRAVERSALS, ...TRAVERSALS_IN_ONE]),
    ...refused(
      'control',
      CONTROLS.flatMap((control) => [control, `a${control}b`, `..${control}`, `${control}..`]),
    ),
    ...refused('private', casesOf(PRIVATE)),
    ...refused('overlong', ['x'.repeat(256), '\u00fc'.repeat(128), 'x'.repeat(4096)]),
    ...odd('odd', ODD_NAMES),
    ...odd('look-alike', LOOK_ALIKES),
    ...odd('device', [...new Set(devices)]),
  ];
}

/** Halves of a pair: they exist in memory, and not in UTF-8. */
export const SURROGATES: readonly string[] = ['\ud800', '\udfff', 'a\udc00', '\ud83d.', '..\ud800'];

function deepPaths(): HostilePath[] {
  const deep = (kind: string, path: readonly string[]): HostilePath => ({
    kind,
    path,
    isRefused: true,
  });
  return [
    ...[33, 34, 64, 100, 1000, 1025, 4000].map((depth) =>
      deep('deep', new Array<string>(depth).fill('a')),
    ),
    ...[33, 64, 1000, 5000].map((depth) => deep('deep', new Array<string>(depth).fill('..'))),
    ...[5, 8, 16].map((depth) => deep('long', new Array<string>(depth).fill('a'.repeat(250)))),
  ];
}

/** Every name where it stands alone, first, last, repeated, and behind a folder that exists. */
export function hostilePaths(): HostilePath[] {
  const around = names().flatMap(({ kind, name, isRefused }) =>
    [
      [name],
      ['sub', name],
      [name, 'secret'],
      [name, name, 'secret'],
      ['sub', name, name, name, 'etc', 'passwd'],
    ].map((path) => ({ kind, path, isRefused })),
  );
  return [...around, ...deepPaths()].filter(
    // 240 bytes and more, five times, is too long whatever the name is.
    ({ path, isRefused }) => isRefused || new TextEncoder().encode(path.join('/')).length < 1000,
  );
}
