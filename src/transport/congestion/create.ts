/** Controllers by name: how each one is made for a path. */
import type { Random } from '../../util/random.ts';
import type { ConnectionConfig } from '../config.ts';
import type { CongestionController } from './controller.ts';
import { Cubic } from './cubic.ts';
import { FOUNDING, NEWRENO, NewReno } from './newreno.ts';

/** A fresh controller that knows nothing of the path yet. @param smssBytes largest segment */
export function createController(
  config: ConnectionConfig,
  smssBytes: number,
  _random: Random,
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
  }
}
