/**
 * Paths on the wire are lists of components, checked one by one before any file system sees them.
 *
 * Whatever could leave the served folder, hide in a listing or break a terminal is refused with
 * one code, so that a stranger learns nothing from the kind of refusal (P-SVC-05).
 */
import { displayText } from './display.ts';
import { EXIT, LftpError } from './error.ts';
import { COMPONENT_MAX_BYTES, PATH_MAX_BYTES, PATH_MAX_DEPTH } from './limits.ts';

/** Our own folder inside a served root: refused in any path, never listed. */
export const PRIVATE_NAME = '.lftp-udp';

export type RemotePath = readonly string[];

/** The reason why `component` may not stand in a path, or undefined if it may. */
export function componentFault(component: string): string | undefined {
  if (component === '') return 'an empty name';
  if (component === '.' || component === '..') return `the name ${component}`;
  if (component.includes('/')) return 'a name with a slash';
  if (/\p{Cc}/u.test(component)) return 'a name with a control character';
  if (/\p{Cs}/u.test(component)) return 'a name that is not valid UTF-8';
  if (component.toLowerCase() === PRIVATE_NAME) return `the reserved name ${PRIVATE_NAME}`;
  if (byteLength(component) > COMPONENT_MAX_BYTES) return 'a name longer than 255 bytes';
  return undefined;
}

/** The reason why `path` is refused, or undefined. An empty list is the root itself. */
export function pathFault(path: RemotePath): string | undefined {
  if (path.length > PATH_MAX_DEPTH) return `more than ${PATH_MAX_DEPTH} folders deep`;
  let totalBytes = 0;
  for (const component of path) {
    const fault = componentFault(component);
    if (fault !== undefined) return fault;
    totalBytes += byteLength(component) + 1;
  }
  return totalBytes > PATH_MAX_BYTES ? `longer than ${PATH_MAX_BYTES} bytes` : undefined;
}

/** @throws LftpError 10 when the path is refused. */
export function checkPath(path: RemotePath): void {
  const fault = pathFault(path);
  if (fault !== undefined) throw refusedPathError(fault, path);
}

export function refusedPathError(fault: string, path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', `the path is refused: ${fault}`, {
    path: pathText(path),
    hint: 'Name a file inside the served folder, without . or .. in the path.',
  });
}

/** How a path is shown: with a leading slash and nothing that a terminal would act on. */
export function pathText(path: RemotePath): string {
  return displayText(`/${path.join('/')}`);
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
