/** Controllers by name: how each one is made for a path. */
import type { Random } from '../../util/random.ts';
import type { ConnectionConfig } from '../config.ts';
import { Bbr } from './bbr.ts';
import { BBR, BBR_TOLERANT } from './bbr-settings.ts';
import type { CongestionController } from './controller.ts';
import { Cubic } from './cubic.ts';
import { FOUNDING, NEWRENO, NewReno } from './newreno.ts';

/** A fresh controller that knows nothing of the path yet. @param smssBytes largest segment */
export function createController(
  config: ConnectionConfig,
  smssBytes: number,
  random: Random,
): CongestionController {
  const { initialWindowSegments } = config;
  const own = initialWindowSegments === undefined ? {} : { initialWindowSegments };
  switch (config.controller) {
    case 'newreno':
      return new NewReno({ ...NEWRENO, ...own }, smssBytes);
    case 'founding':
      return new NewReno({ ...FOUNDING, ...own }, smssBytes);
    case 'cubic':
      return new Cubic(smssBytes, initialWindowSegments);
    case 'bbr':
      return new Bbr({ ...BBR, ...own }, smssBytes, random);
    case 'bbr-tolerant':
      return new Bbr({ ...BBR_TOLERANT, ...own }, smssBytes, random);
  }
}
