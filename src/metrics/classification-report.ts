/** What a classifier confuses: counts of each pair of true and given class, and the rates that follow from them. */
import { DataError } from '../core/errors.js';

export interface ClassReport {
  /** Share of the items given this class that are of it; 0 where none was given it. */
  readonly precision: number;
  /** Share of the items of this class that were given it; 0 where there are none. */
  readonly recall: number;
  /** Harmonic mean of both. */
  readonly f1: number;
  /** Items of the class. */
  readonly support: number;
}

export interface ClassificationReport {
  readonly accuracy: number;
  readonly classes: readonly ClassReport[];
  /** Plain means over the classes that occur, given or true. */
  readonly macro: Omit<ClassReport, 'support'>;
  /** Means weighted by support. */
  readonly weighted: Omit<ClassReport, 'support'>;
  /** counts[true][given] */
  readonly confusion: readonly (readonly number[])[];
}

/**
 * @param labels the true classes, 0…K − 1
 * @param given the classes that the classifier gave
 */
export function classificationReport(
  labels: ArrayLike<number>,
  given: ArrayLike<number>,
  { classes: K }: { classes: number },
): ClassificationReport {
  const operation = 'classification report';
  const N = labels.length;
  if (given.length !== N || N === 0) {
    throw new DataError({
      operation,
      expected: `as many answers as the ${N} labels, one or more`,
      got: `${given.length}`,
    });
  }
  const confusion = Array.from({ length: K }, () => new Array<number>(K).fill(0));
  for (let i = 0; i < N; i++) {
    const row = confusion[labels[i]!];
    const before = row?.[given[i]!];
    if (row === undefined || before === undefined) {
      throw new DataError({
        operation,
        expected: `classes 0…${K - 1}`,
        got: `${labels[i]} and ${given[i]} at item ${i}`,
      });
    }
    row[given[i]!] = before + 1;
  }
  const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);
  const classes = confusion.map((row, k): ClassReport => {
    const support = row.reduce((a, b) => a + b, 0);
    const answers = confusion.reduce((sum, other) => sum + other[k]!, 0);
    const [precision, recall] = [ratio(row[k]!, answers), ratio(row[k]!, support)];
    return { precision, recall, f1: ratio(2 * precision * recall, precision + recall), support };
  });
  const present = classes.filter((c, k) => c.support > 0 || confusion.some((row) => row[k]! > 0));
  const mean = (weigh: (c: ClassReport) => number): Omit<ClassReport, 'support'> => {
    const total = present.reduce((sum, c) => sum + weigh(c), 0);
    const of = (name: 'precision' | 'recall' | 'f1'): number =>
      present.reduce((sum, c) => sum + weigh(c) * c[name], 0) / total;
    return { precision: of('precision'), recall: of('recall'), f1: of('f1') };
  };
  return {
    accuracy: confusion.reduce((sum, row, k) => sum + row[k]!, 0) / N,
    classes,
    macro: mean(() => 1),
    weighted: mean(({ support }) => support),
    confusion,
  };
}
