/** Who a session acts for, and what that may do. */
import type { Access } from '../access.ts';
import type { RemotePath } from '../path.ts';

export interface Principal {
  /** The account's name, or `anonymous`. */
  readonly name: string;
  /** Below the served folder; undefined for all of it. */
  readonly home: RemotePath | undefined;
  readonly access: Access;
}
