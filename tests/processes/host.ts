/** A number as samplers take it. */
export class Value {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  add(other: Value): Value {
    return new Value(this.value + other.value);
  }

  mul(factor: number): Value {
    return new Value(this.value * factor);
  }
}
