/** The built program between two hosts with a bad link between them. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { doneEvent, runClient } from '../../scripts/lab/lftp.ts';
import { digestOf, setStage, writeFile } from './lab.ts';

const SIZE_BYTES = 5_000_000;
/** A server that SIGTERM ended in order says so with this code. */
const TERMINATED = 143;
const LOSSY = { rate: 100e6, delay: 5, loss: 0.01, seed: 1 } as const;

describe('over a link of 100 Mbit/s, 10 ms and 1 % loss both ways', () => {
  it('get brings the file byte-identical', async () => {
    const { lab, server, serverFolder, clientFolder } = await setStage(LOSSY);
    const source = writeFile(serverFolder, 'file', SIZE_BYTES);
    const target = join(clientFolder, 'copy');
    const run = await runClient(lab.a, ['get', server.url('file'), target]);
    const done = doneEvent(run);
    expect(done.bytes).toBe(SIZE_BYTES);
    expect(done.retransmittedShare).toBeGreaterThan(0);
    expect(digestOf(target)).toBe(digestOf(source));
    expect(await server.stop()).toBe(TERMINATED);
  });

  it('post brings the file byte-identical', async () => {
    const { lab, server, serverFolder, clientFolder } = await setStage({ ...LOSSY, seed: 2 });
    const source = writeFile(clientFolder, 'file', SIZE_BYTES);
    const run = await runClient(lab.a, ['post', source, server.url('copy')]);
    expect(doneEvent(run).bytes).toBe(SIZE_BYTES);
    expect(digestOf(join(serverFolder, 'copy'))).toBe(digestOf(source));
    expect(await server.stop()).toBe(TERMINATED);
  });

  it('get and post work over IPv6', async () => {
    const { lab, server, serverFolder, clientFolder } = await setStage({ ...LOSSY, seed: 3 });
    const source = writeFile(serverFolder, 'file', 1_000_000);
    const target = join(clientFolder, 'copy');
    doneEvent(await runClient(lab.a, ['get', server.url('file', 6), target]));
    doneEvent(await runClient(lab.a, ['post', target, server.url('back', 6)]));
    expect(digestOf(join(serverFolder, 'back'))).toBe(digestOf(source));
  });
});

describe('over a link that also reorders, duplicates and corrupts', () => {
  it('get brings the file byte-identical', async () => {
    const faults = { loss: 0.02, dup: 0.02, reorder: 0.05, hold: 8, corrupt: 0.005, seed: 4 };
    const { lab, server, serverFolder, clientFolder } = await setStage({
      rate: 50e6,
      delay: 2,
      ...faults,
    });
    const source = writeFile(serverFolder, 'file', 2_000_000);
    const target = join(clientFolder, 'copy');
    doneEvent(await runClient(lab.a, ['get', server.url('file'), target]));
    expect(digestOf(target)).toBe(digestOf(source));
  });
});

describe('over a clean veth', () => {
  it('get and post bring 200 MB byte-identical', async () => {
    const { lab, server, serverFolder, clientFolder } = await setStage('veth');
    const source = writeFile(serverFolder, 'file', 200_000_000);
    const target = join(clientFolder, 'copy');
    doneEvent(await runClient(lab.a, ['get', server.url('file'), target]));
    doneEvent(await runClient(lab.a, ['post', target, server.url('back')]));
    expect(digestOf(join(serverFolder, 'back'))).toBe(digestOf(source));
  });
});
