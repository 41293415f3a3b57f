/** Every resource that a peer can drive: the rows of docs/LIMITS.md, each with what drives it. */
import type { Driver } from './fill.ts';
import { CLIENT } from './rows/client.ts';
import { CONNECTION } from './rows/connection.ts';
import { LOGIN } from './rows/login.ts';
import { MEMORY } from './rows/memory.ts';
import { RESUME } from './rows/resume.ts';
import { SERVICE } from './rows/service.ts';
import { STRANGERS } from './rows/strangers.ts';

export interface Bound {
  readonly what: string;
  readonly cap: number;
  /** Its name, or – where the rule itself is the cap. */
  readonly constant: string;
  readonly file: string;
  /** Counter, drop reason, error or log line that shows it. */
  readonly seenBy: string;
  readonly atCap: string;
  /** Where the driver stands: module and function. */
  readonly name: string;
  readonly drive: Driver;
}

export const BOUNDS: readonly Bound[] = [
  ...STRANGERS,
  ...CONNECTION,
  ...MEMORY,
  ...SERVICE,
  ...LOGIN,
  ...CLIENT,
  ...RESUME,
];
