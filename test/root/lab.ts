/** What tests over the lab share: a link as long as a test lasts, files, a server on host B. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startServer } from '../../scripts/lab/lftp.ts';
import type { Server } from '../../scripts/lab/lftp.ts';
import { openLink, openRouted, openVeth } from '../../scripts/lab/session.ts';
import type { Lab, LinkOptions } from '../../scripts/lab/session.ts';

export interface Stage {
  readonly lab: Lab;
  readonly server: Server;
  /** What the server shares. */
  readonly serverFolder: string;
  readonly clientFolder: string;
}

/** A link or a veth with a server on host B; all of it goes when the test ends. */
export async function setStage(options: LinkOptions | 'veth' | Routed): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'lftp-root-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const serverFolder = join(folder, 'server');
  const clientFolder = join(folder, 'client');
  mkdirSync(serverFolder);
  mkdirSync(clientFolder);
  const lab = await openLab(options);
  onTestFinished(() => lab.close());
  const server = await startServer(lab.b, serverFolder);
  return { lab, server, serverFolder, clientFolder };
}

/** MTU of the hosts, and of the router's way to host B. */
export interface Routed {
  readonly routed: readonly [mtu: number, middle: number];
}

function openLab(options: LinkOptions | 'veth' | Routed): Promise<Lab> {
  if (options === 'veth') return openVeth();
  return isRouted(options) ? openRouted(...options.routed) : openLink(options);
}

function isRouted(options: LinkOptions | Routed): options is Routed {
  return 'routed' in options;
}

export function writeFile(folder: string, name: string, sizeBytes: number): string {
  const path = join(folder, name);
  writeFileSync(path, randomBytes(sizeBytes));
  return path;
}

/** Digest of a file, so that a failed comparison does not print megabytes. */
export function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
