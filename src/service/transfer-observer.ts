/** Whoever watches a transfer. */

/** request: asked, nothing known yet. data: bytes flow. verify: digest, flush and rename. */
export type TransferPhase = 'request' | 'data' | 'verify';

export interface TransferObserver {
  /**
   * @param sizeBytes null while unknown
   * @param keptBytes of these, bytes that an earlier transfer had moved
   */
  onPhase(phase: TransferPhase, sizeBytes: number | null, keptBytes?: number): void;
}
