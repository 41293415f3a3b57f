/** How large datagrams become between two hosts with a router, and whether they stay whole. */
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { doneEvent, runClient } from '../../scripts/lab/lftp.ts';
import type { Host } from '../../scripts/lab/session.ts';
import { digestOf, setStage, type Stage, writeFile } from './lab.ts';

const SIZE_BYTES = 30_000_000;
/** Ethernet's header, which the counters of a device include. */
const ETHERNET_BYTES = 14;

afterEach(() => {
  vi.unstubAllEnvs();
});

async function read(host: Host, file: string): Promise<string> {
  const process = host.start('cat', [file]);
  let text = '';
  for await (const chunk of process.stdout) text += String(chunk);
  return text;
}

interface Reading {
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  /** IP fragments made and put together. */
  readonly fragments: number;
}

async function readingOf(host: Host): Promise<Reading> {
  const device = /^ *r\d+[ab]: *(\d+) +(\d+)/m.exec(await read(host, '/proc/net/dev'));
  const [names = '', values = ''] = (await read(host, '/proc/net/snmp'))
    .split('\n')
    .filter((line) => line.startsWith('Ip:'));
  const count = (name: string): number =>
    Number(values.split(' ')[names.split(' ').indexOf(name)] ?? NaN);
  return {
    receivedBytes: Number(device?.[1]),
    receivedPackets: Number(device?.[2]),
    fragments: count('FragCreates') + count('ReasmReqds'),
  };
}

/** Mean size of what `host` received during `work`, as IP packets, and the fragments meanwhile. */
async function sizeDuring(host: Host, work: () => Promise<void>) {
  const before = await readingOf(host);
  await work();
  const after = await readingOf(host);
  const packets = after.receivedPackets - before.receivedPackets;
  const meanBytes = (after.receivedBytes - before.receivedBytes) / packets - ETHERNET_BYTES;
  return { meanBytes, fragments: after.fragments - before.fragments };
}

async function get({ lab, server, serverFolder, clientFolder }: Stage): Promise<void> {
  const source = writeFile(serverFolder, 'file', SIZE_BYTES);
  const target = join(clientFolder, 'copy');
  doneEvent(await runClient(lab.a, ['get', server.url('file'), target]));
  expect(digestOf(target)).toBe(digestOf(source));
}

async function post({ lab, server, serverFolder, clientFolder }: Stage): Promise<void> {
  const source = writeFile(clientFolder, 'file', SIZE_BYTES);
  doneEvent(await runClient(lab.a, ['post', source, server.url('posted')]));
  expect(digestOf(join(serverFolder, 'posted'))).toBe(digestOf(source));
}

describe('through a router', () => {
  it.each([
    ['as wide as Ethernet', [1_500, 1_500], 1_500],
    ['with jumbo frames', [9_000, 9_000], 9_000],
    ['with jumbo frames at the hosts only', [9_000, 1_500], 1_500],
    ['with a tunnel to the server', [1_500, 1_300], 1_260],
  ] as const)(
    'P-MTU-02 P-MTU-07 get and post, whole datagrams: %s',
    async (_, routed, mostBytes) => {
      // Trains would count as one packet each, as a veth does not cut them.
      vi.stubEnv('LFTPU_SOCKETS', 'single');
      const stage = await setStage({ routed });
      const got = await sizeDuring(stage.lab.a, () => get(stage));
      const posted = await sizeDuring(stage.lab.b, () => post(stage));
      for (const { meanBytes, fragments } of [got, posted]) {
        expect(fragments).toBe(0);
        expect(meanBytes).toBeLessThanOrEqual(mostBytes);
        expect(meanBytes).toBeGreaterThan(0.9 * mostBytes);
      }
    },
  );

  it('P-MTU-07 in trains, with a tunnel to the server that takes less', async () => {
    const stage = await setStage({ routed: [1_500, 1_300] });
    const got = await sizeDuring(stage.lab.a, () => get(stage));
    const posted = await sizeDuring(stage.lab.b, () => post(stage));
    expect([got.fragments, posted.fragments]).toEqual([0, 0]);
  });

  it('P-MTU-07 with a tunnel to the server, where nothing can be set', async () => {
    vi.stubEnv('LFTPU_SOCKETS', 'node');
    const stage = await setStage({ routed: [1_500, 1_300] });
    await get(stage);
    await post(stage);
  });
});
