/** How many of something each source has at the moment. */
import { sourceOf } from '../io/source.ts';

export class SourceCounts {
  private readonly counts = new Map<string, number>();

  /** @param address of the peer; its source is what counts */
  of(address: string): number {
    return this.counts.get(sourceOf(address)) ?? 0;
  }

  /** Counts one more; the result ends that, once. */
  add(address: string): () => void {
    const source = sourceOf(address);
    this.counts.set(source, (this.counts.get(source) ?? 0) + 1);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      const count = (this.counts.get(source) ?? 0) - 1;
      if (count === 0) this.counts.delete(source);
      else this.counts.set(source, count);
    };
  }
}
