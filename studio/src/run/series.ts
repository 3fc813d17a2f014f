/** A number that is logged while a model trains. */
export class Series {
  readonly steps: number[] = [];
  readonly values: number[] = [];

  add(step: number, value: number): void {
    this.forgetFrom(step);
    this.steps.push(step);
    this.values.push(value);
  }

  forgetFrom(step: number): void {
    while (this.steps.length > 0 && this.steps.at(-1)! >= step) {
      this.steps.pop();
      this.values.pop();
    }
  }

  /** The value at a step, or the last before it. */
  at(step: number | undefined): number | undefined {
    if (step === undefined) return this.values.at(-1);
    let [low, high] = [0, this.steps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.steps[middle]! <= step) low = middle + 1;
      else high = middle;
    }
    return this.values[Math.max(0, low - 1)];
  }
}

/** At most `limit` points, evenly over the series, the last one included. */
export function decimated({ steps, values }: Series, limit: number): [number[], number[]] {
  const stride = Math.ceil(steps.length / limit);
  if (stride <= 1) return [steps, values];
  const kept = steps.map((_, i) => i).filter((i) => i % stride === 0 || i === steps.length - 1);
  return [kept.map((i) => steps[i]!), kept.map((i) => values[i]!)];
}

/** An exponential mean that begins at the first value (without its bias towards it). */
export function smoothed(values: readonly number[], decay: number): number[] {
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = decay * sum + (1 - decay) * value;
    weight = decay * weight + (1 - decay);
    return sum / weight;
  });
}
