/** Numbers of a picture as a table: its rows, and how a number is written. */

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A number with about four digits that count. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return value.toLocaleString('en');
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  return value.toLocaleString('en', { maximumSignificantDigits: 4 });
}

/** Rows of a batch of items: the first values of each, or its mean where it is an image. */
export function itemTable(
  items: { readonly shape: readonly number[]; readonly data: ArrayLike<number | bigint> },
  names?: readonly string[],
): Table {
  const count = items.shape[0] ?? 0;
  const size = items.data.length / Math.max(1, count);
  if (size <= 8) {
    return {
      columns: ['item', ...Array.from({ length: size }, (_, i) => `x${i + 1}`)],
      rows: Array.from({ length: count }, (_, i) => [
        names?.[i] ?? i + 1,
        ...Array.from({ length: size }, (_, j) => Number(items.data[i * size + j])),
      ]),
    };
  }
  return {
    columns: ['image', 'mean brightness', 'brightest'],
    rows: Array.from({ length: count }, (_, i) => {
      const values = Array.from({ length: size }, (_, j) => Number(items.data[i * size + j]));
      return [names?.[i] ?? i + 1, values.reduce((a, b) => a + b, 0) / size, Math.max(...values)];
    }),
  };
}
