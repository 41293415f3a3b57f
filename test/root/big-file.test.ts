/** The founding document's big file, three clients at once, over a link that loses and reorders. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { doneEvent, runClient } from '../../scripts/lab/lftp.ts';
import { digestOf, setStage, writeFile } from './lab.ts';

const SIZE_BYTES = 145_361_749;
const TIMEOUT_MS = 400_000;
const LINK = { delay: 1, loss: 0.02, reorder: 0.05, seed: 5 } as const;

describe('over a link of 2 ms with 2 % loss both ways and 5 % reordering', () => {
  it(
    'one client posts the big file while two get it, all byte-identical',
    async () => {
      const { lab, server, serverFolder, clientFolder } = await setStage(LINK);
      const shared = writeFile(serverFolder, 'file', SIZE_BYTES);
      const posted = writeFile(clientFolder, 'mine', SIZE_BYTES);
      const copies = [join(clientFolder, 'first'), join(clientFolder, 'second')];
      const runs = await Promise.all([
        runClient(lab.a, ['post', posted, server.url('theirs')]),
        ...copies.map((copy) => runClient(lab.a, ['get', server.url('file'), copy])),
      ]);
      for (const run of runs) {
        expect(doneEvent(run).bytes).toBe(SIZE_BYTES);
        expect(doneEvent(run).retransmittedShare).toBeGreaterThan(0.01);
      }
      expect(digestOf(join(serverFolder, 'theirs'))).toBe(digestOf(posted));
      for (const copy of copies) expect(digestOf(copy)).toBe(digestOf(shared));
    },
    TIMEOUT_MS,
  );
});
