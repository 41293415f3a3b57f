/**
 * Points of a curve in bounded memory: when there are too many, every other one is forgotten and
 * from then on only every other one is taken. What is left is evenly spread over all that came.
 */
export class ThinnedPoints {
  readonly xs: number[] = [];
  readonly ys: number[] = [];
  private readonly mostPoints: number;
  private stride = 1;
  private offered = 0;

  /** @param mostPoints kept at once; at least 2 */
  constructor(mostPoints: number) {
    this.mostPoints = mostPoints;
  }

  /** Points that came so far, kept or not. */
  get count(): number {
    return this.offered;
  }

  add(x: number, y: number): void {
    const isKept = this.offered % this.stride === 0;
    this.offered += 1;
    if (!isKept) return;
    this.xs.push(x);
    this.ys.push(y);
    if (this.xs.length > this.mostPoints) this.halve();
  }

  private halve(): void {
    const kept = Math.ceil(this.xs.length / 2);
    for (let i = 0; i < kept; i += 1) {
      this.xs[i] = this.xs[2 * i]!;
      this.ys[i] = this.ys[2 * i]!;
    }
    this.xs.length = kept;
    this.ys.length = kept;
    this.stride *= 2;
  }
}
