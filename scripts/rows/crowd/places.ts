import { MAX_PROCESSES } from './crowd.ts';

/** Flags for a server with places for so many clients, all of one source. */
export function placesFor(clients: number): string[] {
  // Those of a crowd that has just left may still be counted.
  const places = String(clients + 16 * MAX_PROCESSES);
  return ['--max-clients', places, '--max-clients-per-source', places];
}
