/** Quotas of a running server, against what lies on the disk. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Usage } from '../../src/service/accounts/quota-ledger.ts';
import { postFile } from '../../src/service/client-post.ts';
import { EXIT, LftpError } from '../../src/service/error.ts';
import type { FileSource } from '../../src/service/file-ends.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { NEVER, QUIET } from '../unit/service/session-rig.ts';
import { AccountsRig } from './accounts-rig.ts';

let rig: AccountsRig;

const some = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(7);
const full = expect.objectContaining({ code: EXIT.NO_SPACE }) as unknown;

/** What lies there, by looking. */
function held(home: string): Usage {
  const usage = { bytes: 0, files: 0 };
  for (const name of readdirSync(join(rig.root, home), { recursive: true, encoding: 'utf8' })) {
    const stats = statSync(join(rig.root, home, name));
    if (!stats.isFile()) continue;
    usage.bytes += stats.size;
    usage.files += 1;
  }
  return usage;
}

/** A pipe that gives so many bytes and does not say so. */
function pipe(bytes: number): FileSource {
  let left = bytes;
  return {
    sizeBytes: null,
    mtimeMs: 0,
    mode: 0o644,
    concurrentReads: 1,
    read: (_, wanted) => {
      const got = Math.min(left, wanted);
      left -= got;
      return Promise.resolve(got);
    },
    isUnchanged: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
}

beforeEach(async () => {
  rig = await AccountsRig.make();
});

afterEach(async () => {
  await rig.remove();
});

describe('a quota', () => {
  it('P-ACCT-05 holds to the byte and file under 64 uploads at once, in two accounts', async () => {
    const quotas = { alice: { bytes: 400_000, files: 30 }, bob: { bytes: 150_000, files: 100 } };
    rig.put('alice/before', some(50_000));
    for (const [name, { bytes, files }] of Object.entries(quotas)) {
      rig.add(name, { limits: { quotaBytes: bytes, quotaFiles: files } });
    }
    const random = new SeededRandom(7);
    const faults: unknown[] = [];
    let refused = 0;
    const upload = async (name: 'alice' | 'bob'): Promise<void> => {
      const session = await rig.connect(name);
      for (let index = 0; index < 6; index += 1) {
        const path = `f${random.integer(0, 39)}`;
        try {
          await rig.post(session, path, some(random.integer(0, 29_999)));
        } catch (error) {
          if (error instanceof LftpError && error.code === EXIT.NO_SPACE) refused += 1;
          else faults.push(error);
        }
        const { bytes, files } = held(name);
        if (bytes > quotas[name].bytes || files > quotas[name].files) faults.push({ bytes, files });
      }
    };
    const names = Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? 'alice' : 'bob'));
    await Promise.all(names.map(upload));
    expect(faults).toEqual([]);
    expect(refused).toBeGreaterThan(10);
    for (const [name, quota] of Object.entries(quotas)) {
      const { bytes, files } = held(name);
      // What is left is known to the byte: exactly as much fits, and not one more.
      const rest = quota.bytes - bytes;
      expect(rest).toBeGreaterThanOrEqual(0);
      const session = await rig.connect(name);
      if (files === quota.files) continue;
      await expect(rig.post(session, 'rest', some(rest + 1))).rejects.toEqual(full);
      await rig.post(session, 'rest', some(rest));
      await expect(rig.post(session, 'more', some(1))).rejects.toEqual(full);
      // One that is replaced makes room for the one in its place.
      await rig.post(session, 'rest', some(rest));
      expect(held(name).bytes).toBe(quota.bytes);
    }
  });

  it('P-ACCT-05 cuts off what does not say how long it is, where it is full', async () => {
    rig.add('alice', { limits: { quotaBytes: 1_000_000 } });
    const { session } = await rig.connect('alice');
    const post = (bytes: number): Promise<unknown> =>
      postFile(session, {
        path: ['f'],
        name: undefined,
        source: pipe(bytes),
        overwrite: 'always',
        keep: false,
        signal: NEVER,
        observer: QUIET,
      });
    await expect(post(1_000_001)).rejects.toEqual(full);
    expect(held('alice')).toEqual({ bytes: 0, files: 0 });
    await post(1_000_000);
    expect(held('alice')).toEqual({ bytes: 1_000_000, files: 1 });
  });

  it('P-ACCT-05 counts anew when a server starts, and acts at once when it is set', async () => {
    rig.add('alice');
    rig.put('alice/deep/er/old', some(600));
    const alice = await rig.connect('alice');
    await rig.post(alice, 'new', some(300));
    await rig.change('alice', { limits: { quotaBytes: 1000 } });
    // Whoever comes in makes the server look; otherwise it does so twice a second.
    await (await rig.connect('alice')).session.status();
    const refused = await rig.post(alice, 'more', some(101)).catch((error: unknown) => error);
    expect(refused).toEqual(full);
    expect((refused as Error).message).toContain('short of 1 bytes: 100 are left');
    // Without an account, and yet into her home: it is her folder that is full.
    const anyone = await rig.connect();
    await expect(rig.post(anyone, 'alice/more', some(101))).rejects.toEqual(full);
    await rig.server.stop();
    rig.put('alice/meanwhile', some(100));
    await rig.start();
    const again = await rig.connect('alice');
    await expect(rig.post(again, 'more', some(1))).rejects.toEqual(full);
    await rig.post(again, 'new', some(300));
    expect(readFileSync(join(rig.root, 'alice/new'))).toHaveLength(300);
  });
});
