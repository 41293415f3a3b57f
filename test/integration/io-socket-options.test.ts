import { createSocket, type Socket } from 'node:dgram';
import { onTestFinished, describe, expect, it, vi } from 'vitest';
import {
  descriptorOf,
  forbidFragments,
  LINUX,
  type SocketOptions,
  systemOptions,
} from '../../src/io/socket-options.ts';

/** Where the binary is prebuilt, and so has to work. */
const IS_SUPPORTED = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

function bound(type: 'udp4' | 'udp6'): Promise<Socket> {
  const socket = createSocket({ type });
  onTestFinished(() => void socket.close());
  return new Promise((resolve) => {
    socket.bind(0, type === 'udp6' ? '::1' : '127.0.0.1', () => resolve(socket));
  });
}

/** Notes what is set, and answers `outcome`. */
function fake(outcome: (name: number) => boolean) {
  const names: number[] = [];
  const options: SocketOptions = {
    set: (_, __, name) => {
      names.push(name);
      return outcome(name);
    },
    get: () => undefined,
    receive: () => -1,
  };
  return { names, options };
}

describe('options of a real socket', () => {
  it('P-MTU-07 forbid fragments of both families, where the binary is there', async () => {
    const four = await bound('udp4');
    const six = await bound('udp6');
    const options = systemOptions();
    expect(options !== undefined).toBe(IS_SUPPORTED);
    const expected = IS_SUPPORTED ? 'forbidden' : 'allowed: no binary';
    expect([forbidFragments(four, 4), forbidFragments(six, 6)]).toEqual([expected, expected]);
    const read = (socket: Socket, level: number, name: number): number | undefined =>
      options?.get(descriptorOf(socket)!, level, name);
    const probe = IS_SUPPORTED ? LINUX.PMTUDISC_PROBE : undefined;
    expect(read(four, LINUX.IPPROTO_IP, LINUX.IP_MTU_DISCOVER)).toBe(probe);
    expect(read(six, LINUX.IPPROTO_IP, LINUX.IP_MTU_DISCOVER)).toBe(probe);
    expect(read(six, LINUX.IPPROTO_IPV6, LINUX.IPV6_MTU_DISCOVER)).toBe(probe);
  });

  it('are left alone when the variable says so', async () => {
    vi.stubEnv('LFTPU_SOCKETS', 'node');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(forbidFragments(await bound('udp4'), 4)).toBe('allowed: no binary');
  });

  it('that the system refuses are told', async () => {
    const socket = await bound('udp6');
    const refuses = fake(() => false);
    expect(forbidFragments(socket, 6, refuses.options)).toBe('allowed: refused');
    const refusesSix = fake((name) => name !== LINUX.IPV6_MTU_DISCOVER);
    expect(forbidFragments(socket, 6, refusesSix.options)).toBe('allowed: refused');
    expect(refusesSix.names).toEqual([LINUX.IP_MTU_DISCOVER, LINUX.IPV6_MTU_DISCOVER]);
    expect(forbidFragments(socket, 4, refusesSix.options)).toBe('forbidden');
  });

  it('fail softly for what is no socket, no option or no descriptor', () => {
    const options = systemOptions();
    expect(options?.set(-1, LINUX.IPPROTO_IP, LINUX.IP_MTU_DISCOVER, 3) ?? false).toBe(false);
    expect(options?.get(-1, LINUX.IPPROTO_IP, LINUX.IP_MTU_DISCOVER)).toBeUndefined();
    const unopened = createSocket('udp4');
    unopened.close();
    expect(descriptorOf(unopened)).toBeUndefined();
    expect(forbidFragments(unopened, 4, fake(() => true).options)).toBe('allowed: no binary');
  });
});
