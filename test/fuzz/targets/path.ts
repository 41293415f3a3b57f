/** The path validator, against a naive oracle: what passes can never leave the served folder. */
import { posix } from 'node:path';
import { componentFault, pathFault, pathText } from '../../../src/service/path.ts';
import { bytesOf, demand, type Target, textOf, unitsOf } from '../target.ts';

const ROOT = '/srv/lftp/root';

/** One component that passed, looked at byte by byte. */
function checkComponent(component: string): void {
  const bytes = bytesOf(component);
  demand(bytes.length >= 1 && bytes.length <= 255, 'a name of a forbidden length');
  demand(component !== '.' && component !== '..', 'a name of dots');
  demand(textOf(bytes) === component, 'a name that is no valid UTF-8');
  demand(component.normalize('NFC').toLowerCase() !== '.lftp-udp', 'our own folder');
  for (const letter of component) {
    const code = letter.codePointAt(0)!;
    const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f);
    demand(!isControl && letter !== '/', () => `letter ${code} in a name`);
  }
}

function checkPath(path: readonly string[]): void {
  const fault = pathFault(path);
  const shown = pathText(path);
  demand(!/\p{Cc}/u.test(shown), 'a control character in a path that is shown');
  if (fault !== undefined) {
    demand(/^[\x20-\x7e]+$/.test(fault), 'a fault that quotes the peer');
    return;
  }
  for (const component of path) {
    demand(componentFault(component) === undefined, 'a path passed with a bad component');
    checkComponent(component);
  }
  const resolved = posix.resolve(ROOT, ...path);
  const depth = resolved.split('/').length - ROOT.split('/').length;
  demand(resolved === [ROOT, ...path].join('/'), () => `escapes to ${resolved}`);
  demand(depth === path.length && depth <= 32, 'a path of another depth');
  demand(bytesOf(path.join('/')).length <= 1_024, 'a path that is too long');
}

function run(bytes: Uint8Array): void {
  // A slash stands for the border of components in one reading, and for itself in the others.
  checkPath(textOf(bytes).split('/'));
  checkPath([textOf(bytes)]);
  checkPath(unitsOf(bytes).split('\u0001'));
}

export const target: Target = {
  run,
  seeds: ['a/b/c.txt', '../x', '.lftp-udp/partial', 'é/ü', 'a\u0000b', `${'x/'.repeat(31)}y`].map(
    bytesOf,
  ),
  maxBytes: 1_100,
};
