/** Clock, timers and chance for logging in, outside of tests. */
import { randomBytes } from 'node:crypto';
import type { AdmissionWorld } from './admission.ts';

export const LOGIN_WORLD: AdmissionWorld = {
  nowMs: () => performance.now(),
  randomBytes: (count) => new Uint8Array(randomBytes(count)),
  timer: (ms) => {
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    return { passed, cancel: () => clearTimeout(timer) };
  },
};
