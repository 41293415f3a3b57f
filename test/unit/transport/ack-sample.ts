/** A sample of an acknowledgement that told of nothing, to be filled in by tests. */
import type { AckSample } from '../../../src/transport/congestion/controller.ts';
import type { DeliverySample } from '../../../src/transport/congestion/samples.ts';

const NO_RATE: DeliverySample = {
  bytesPerMs: 0,
  isAppLimited: false,
  deliveredBytes: 0,
  priorDeliveredBytes: 0,
  txInFlightBytes: 0,
  lostBytes: 0,
};

export function ackSample(
  told: Partial<Omit<AckSample, 'rate'>>,
  rate: Partial<DeliverySample> = {},
): AckSample {
  return {
    nowMs: 0,
    ackedBytes: 0,
    lostBytes: 0,
    priorFlightBytes: 0,
    flightBytes: 0,
    isCwndLimited: true,
    isInRecovery: false,
    srttMs: 10,
    minRttMs: 10,
    rttMs: NaN,
    ...told,
    rate: { ...NO_RATE, ...rate },
  };
}
