/** Every fuzz target by name, loaded when it is wanted: coverage counts from the loading on. */
import type { Target } from './target.ts';

type Load = () => Promise<{ readonly target: Target }>;

export const TARGETS: Readonly<Record<string, Load>> = {
  'ack-block': () => import('./targets/ack-block.ts'),
  acceptor: () => import('./targets/acceptor.ts'),
  address: () => import('./targets/address.ts'),
  cookie: () => import('./targets/cookie.ts'),
  display: () => import('./targets/display.ts'),
  'endpoint-plain': () => import('./targets/endpoint-plain.ts'),
  'endpoint-sealed': () => import('./targets/endpoint-sealed.ts'),
  handshake: () => import('./targets/handshake.ts'),
  'known-hosts': () => import('./targets/known-hosts.ts'),
  messages: () => import('./targets/messages.ts'),
  parameters: () => import('./targets/parameters.ts'),
  path: () => import('./targets/path.ts'),
  segment: () => import('./targets/segment.ts'),
  'tree-stream': () => import('./targets/tree-stream.ts'),
};
