/** What `--version` tells. */
import { readFileSync } from 'node:fs';
import { WIRE_VERSION } from '../wire/codes.ts';

/** The program's version, from the package it was installed with. */
export function programVersion(): string {
  // The same file from the sources and from dist/, which lies one folder deeper.
  for (const place of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), 'utf8');
      const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
      if (name === 'lftp-udp' && typeof version === 'string') return version;
    } catch {
      // Not there: the next place has it.
    }
  }
  return 'unknown';
}

export function versionText(): string {
  return `lftp-udp ${programVersion()}, protocol ${WIRE_VERSION}, Node ${process.version}`;
}
