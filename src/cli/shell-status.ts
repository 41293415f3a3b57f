/** What `status` shows of a connection. */
import type { StatusAnswer } from '../service/messages.ts';
import { displayText } from '../service/display.ts';
import type { ConnectionStats } from '../transport/types.ts';
import type { ShellModes } from './shell.ts';
import { formatBytes, formatDuration, formatShare } from './units.ts';

/** Who one is there, and who the server is. */
export interface StatusIdentity {
  readonly user: string;
  /** Of the server's key; undefined on an unsealed connection. */
  readonly fingerprint: string | undefined;
}

const RIGHTS: Readonly<Record<string, string>> = {
  ro: 'you may read',
  rw: 'you may read and write',
  drop: 'you may read, and drop files into incoming',
};

/** What one may do there. */
export function rightText(access: string): string {
  return RIGHTS[access] ?? displayText(access, 40);
}

/** What is switched on or off. */
export function modesText({ isPrompting, isDebugging, isText }: ShellModes): string {
  const onOff = (isOn: boolean): string => (isOn ? 'on' : 'off');
  const type = isText ? 'ascii' : 'binary';
  return `modes       type ${type}, prompt ${onOff(isPrompting)}, debug ${onOff(isDebugging)}`;
}

export function statusText(
  where: string,
  { user, fingerprint }: StatusIdentity,
  server: StatusAnswer,
  stats: ConnectionStats,
): string {
  const { segmentsSent, segmentsRetransmitted, segmentsReceived, duplicatesReceived } = stats;
  const share = segmentsSent === 0 ? 0 : segmentsRetransmitted / segmentsSent;
  const right = rightText(server.access);
  const seal = fingerprint === undefined ? 'INSECURE' : `sealed, host key ${fingerprint}`;
  const up = formatDuration(server.uptimeSeconds * 1000);
  return [
    `connected to ${where} as ${displayText(user)}`,
    `security    ${seal}`,
    `server      lftp-udp ${displayText(server.version, 40)}, up ${up}, ${right}`,
    `clients     ${server.clients}`,
    `round trip  ${ms(stats.srttMs)}, least ${ms(stats.minRttMs)}, RTO ${ms(stats.rtoMs)}`,
    `congestion  ${stats.controller}, ${stats.phase}, cwnd ${size(stats.cwndBytes)}, ` +
      `ssthresh ${size(stats.ssthreshBytes)}, in flight ${size(stats.flightSizeBytes)}`,
    `window      ${stats.peerWindowSegments} segments of ${stats.segmentBytes} bytes`,
    `sent        ${segmentsSent} segments, ${formatShare(share)} of them again`,
    `received    ${segmentsReceived} segments, ${duplicatesReceived} of them twice`,
    `loss        ${stats.fastRecoveries} fast recoveries, ${stats.timeouts} timeouts`,
  ].join('\n');
}

function ms(durationMs: number): string {
  return Number.isFinite(durationMs) ? `${durationMs.toFixed(1)} ms` : '--';
}

function size(sizeBytes: number): string {
  return Number.isFinite(sizeBytes) && sizeBytes < 2 ** 50 ? formatBytes(sizeBytes) : 'unlimited';
}
