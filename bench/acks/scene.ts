/** What both ends of the acknowledgement bench take for granted. */

export const RTT_MS = 20;
export const PAYLOAD_BYTES = 1368;
/** Neither a multiple of 32, so that no bitmap is aligned by luck. */
export const FIRST_SEQ = 100_003;
export const FIRST_TXN = 700_001;
