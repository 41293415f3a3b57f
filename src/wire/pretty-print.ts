/** One line of text for one segment, in the manner of tcpdump. */
import { type AckBlock } from './ack-block.ts';
import { FLAG } from './codes.ts';
import type { SegmentView } from './segment.ts';

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [FLAG.CNT, 'cnt'],
  [FLAG.SYN, 'syn'],
  [FLAG.FIN, 'fin'],
  [FLAG.OP, 'op'],
  [FLAG.DAT, 'dat'],
  [FLAG.END, 'end'],
  [FLAG.ACK, 'ack'],
];

/**
 * For example `4711>10000 dat+end+ack seq 17 ack 3 win 4096 txn 99 len 1368`.
 * Numbers are the wire's own; what is absent is not printed.
 */
export function prettyPrint(segment: SegmentView, block?: AckBlock): string {
  const flags = FLAG_NAMES.filter(([bit]) => segment.has(bit)).map(([, name]) => name);
  let text = `${segment.sourcePort}>${segment.destinationPort} ${flags.join('+')}`;
  text += ` seq ${segment.seq} ack ${segment.ack} win ${segment.window}`;
  if (segment.hasTxn) text += ` txn ${segment.txn}`;
  if (segment.partTotal > 0) text += ` part ${segment.partOffset}/${segment.partTotal}`;
  if (segment.closeStage > 0) text += ` close ${segment.closeStage}`;
  if (segment.error > 0) text += ` error ${segment.error}`;
  text += ` len ${segment.payloadBytes}`;
  return block === undefined ? text : `${text} ${prettyPrintAck(block)}`;
}

/** For example `[echo 99 +0.4ms tmap 2w sack 1w@64 credit 8388608]`. */
function prettyPrintAck(block: AckBlock): string {
  const echo =
    block.tmapWords > 0 ? `echo ${block.echo} +${block.delayMs.toFixed(1)}ms` : 'no echo';
  const sack = block.sackWords > 0 ? ` sack ${block.sackWords}w@${block.sackStart}` : '';
  return `[${echo} tmap ${block.tmapWords}w${sack} credit ${block.credit}]`;
}
