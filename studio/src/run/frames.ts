/** Things that were seen at steps of a run: not all of them are kept, but enough to go back along the whole run. */
export class Frames<T> {
  readonly steps: number[] = [];
  readonly values: T[] = [];
  readonly #limit: number;

  /** @param limit of what is kept; beyond it every other of the older ones is forgotten */
  constructor(limit = 120) {
    this.#limit = limit;
  }

  add(step: number, value: T): void {
    this.forgetFrom(step);
    this.steps.push(step);
    this.values.push(value);
    if (this.steps.length > this.#limit) this.#thin();
  }

  /** What was seen last at a step or before it; the first where all came later. */
  at(step: number | undefined): { readonly step: number; readonly value: T } | undefined {
    if (this.steps.length === 0) return undefined;
    const after = step === undefined ? -1 : this.steps.findIndex((s) => s > step);
    const i = after < 0 ? this.steps.length - 1 : Math.max(0, after - 1);
    return { step: this.steps[i]!, value: this.values[i]! };
  }

  /** A run that goes back does these steps again. */
  forgetFrom(step: number): void {
    while (this.steps.length > 0 && this.steps.at(-1)! >= step) {
      this.steps.pop();
      this.values.pop();
    }
  }

  #thin(): void {
    const last = this.steps.length - 1;
    const kept = this.steps.map((_, i) => i).filter((i) => i % 2 === 0 || i === last);
    const values = kept.map((i) => this.values[i]!);
    const steps = kept.map((i) => this.steps[i]!);
    this.steps.splice(0, this.steps.length, ...steps);
    this.values.splice(0, this.values.length, ...values);
  }
}
