/** `lftp check <local> <address>` */
import { EXIT, LftpError } from '../../service/error.ts';
import { pathText } from '../../service/path.ts';
import { chunkCount, chunkStart } from '../../service/resume/chunks.ts';
import { checkFile, checkRequest } from '../../service/resume/client-check.ts';
import type { Checked } from '../../service/resume/client-check.ts';
import { openLocalFile } from '../../service/store-local.ts';
import type { CommandContext } from '../command-table.ts';
import { withConnection } from '../connection.ts';
import { personAtTerminal } from '../person.ts';
import { formatBytes } from '../units.ts';
import { namedIn } from './one-shot.ts';

/** Ranges that people are shown; `--json` has all. */
const MOST_SHOWN = 10;

/** @throws LftpError 12 when the files differ */
export async function check(context: CommandContext): Promise<number> {
  const { operands, flags, output, interrupts } = context;
  const [local = '', addressText = ''] = operands;
  const target = namedIn(addressText);
  const { path } = target;
  const { signal } = interrupts;
  const file = await openLocalFile(local);
  try {
    const dialing = { target, flags, output, person: personAtTerminal(interrupts) };
    const first = checkRequest(path, file.sizeBytes);
    const checked = await withConnection(dialing, signal, first, (session) =>
      checkFile(session, { path, file, signal }),
    );
    tell(context, { local, path: pathText(path), sizeBytes: file.sizeBytes, checked });
  } finally {
    await file.close();
  }
  return EXIT.OK;
}

interface Told {
  readonly local: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly checked: Checked;
}

function tell({ output }: CommandContext, { local, path, sizeBytes, checked }: Told): void {
  const { isSame, remoteBytes, differing } = checked;
  const digest = `blake3:${Buffer.from(checked.digest).toString('hex')}`;
  const ranges = byteRanges(differing, sizeBytes);
  const sizes = { bytes: sizeBytes, remoteBytes };
  output.event('checked', { path, local, same: isSame, ...sizes, digest, differing: ranges });
  if (isSame) {
    output.show(`the same: ${formatBytes(sizeBytes)}, ${digest}`);
    return;
  }
  const size = sizeBytes === remoteBytes ? [] : [`${remoteBytes} bytes there, ${sizeBytes} here`];
  const shown = ranges.slice(0, MOST_SHOWN).map(([from, to]) => `bytes ${from} to ${to}`);
  const more = ranges.length > MOST_SHOWN ? [`${ranges.length - MOST_SHOWN} more places`] : [];
  const where = [...size, ...shown, ...more].join(', ');
  throw new LftpError(EXIT.VERIFICATION, 'remote', `it differs from ${local}: ${where}`, {
    path,
    hint: 'Send or fetch it again.',
  });
}

/** First and last byte of each run of chunks. */
function byteRanges(chunks: readonly number[], sizeBytes: number): (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  for (let i = 0; i < chunks.length; i += 2) {
    const [first = 0, last = 0] = chunks.slice(i, i + 2);
    const end = chunkStart(Math.min(last + 1, chunkCount(sizeBytes)), sizeBytes);
    ranges.push([chunkStart(first, sizeBytes), end - 1]);
  }
  return ranges;
}
