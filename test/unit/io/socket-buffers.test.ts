import { describe, expect, it } from 'vitest';
import { bufferAdvice, dropsOf, SOCKET_BUFFER_BYTES } from '../../../src/io/socket-buffers.ts';

describe('the advice on buffers', () => {
  const ALL = 2 * SOCKET_BUFFER_BYTES;

  it('names what the kernel limits, and nothing that it granted', () => {
    expect(bufferAdvice(ALL, ALL, 'linux')).toBeUndefined();
    expect(bufferAdvice(425_984, ALL, 'linux')).toBe('sysctl -w net.core.rmem_max=7340032');
    expect(bufferAdvice(425_984, 425_984, 'linux')).toBe(
      'sysctl -w net.core.rmem_max=7340032 net.core.wmem_max=7340032',
    );
  });

  it('is silent where the limits have other names', () => {
    expect(bufferAdvice(1, 1, 'darwin')).toBeUndefined();
  });
});

describe("the kernel's table of sockets", () => {
  const HEAD = '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt ';
  const ROW = '0100007F:2710 00000000:0000 07 00000000:00000000 00:00000000 00000000';
  const TABLE = [
    `${HEAD}  uid  timeout inode ref pointer drops            `,
    `  414: ${ROW}     0        0 11501 2 0000000000000000 37        `,
    ` 9001: ${ROW}     0        0 11502 2 0000000000000000 0         `,
    '',
  ].join('\n');

  it('tells what a socket dropped, by its inode', () => {
    expect([dropsOf('11501', TABLE), dropsOf('11502', TABLE)]).toEqual([37, 0]);
  });

  it('tells nothing of a socket that is not in it', () => {
    expect([dropsOf('1150', TABLE), dropsOf('inode', ''), dropsOf('', '')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
