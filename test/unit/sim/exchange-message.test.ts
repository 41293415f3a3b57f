import { describe, expect, it } from 'vitest';
import {
  type ExchangeMessage,
  MESSAGE,
  decodeMessage,
  encodeMessage,
} from '../../../src/sim/exchange-message.ts';

const POST: ExchangeMessage = {
  kind: MESSAGE.POST,
  closeMode: 'early',
  id: 513,
  size: 0xffff_fffe,
  seed: 0x8000_0001,
  paddingBytes: 300,
};

describe('messages of the simulated exchange', () => {
  it('come out as they went in', () => {
    expect(decodeMessage(encodeMessage(POST))).toEqual(POST);
  });

  it('are refused when a byte of their padding, their length or their kind is wrong', () => {
    const bytes = encodeMessage(POST);
    for (const at of [0, 1, 13, 14, 200, 313]) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x55;
      expect(decodeMessage(damaged), `byte ${at}`).toBeUndefined();
    }
    expect(decodeMessage(bytes.subarray(0, 313))).toBeUndefined();
    expect(decodeMessage(bytes.subarray(0, 5))).toBeUndefined();
  });
});
