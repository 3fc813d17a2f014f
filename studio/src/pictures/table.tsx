/** Numbers of a picture as a table. */
import type { JSX } from 'preact';

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

const most = 200;

export function TableView({ table, caption }: { table: Table; caption: string }): JSX.Element {
  const rows = table.rows.slice(0, most);
  return (
    <section class="table-box" tabIndex={0} aria-label={`Numbers of ${caption}`}>
      <table>
        <caption>
          {caption}
          {table.rows.length > most && ` (the first ${most} of ${table.rows.length} rows)`}
        </caption>
        <thead>
          <tr>
            {table.columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j}>{typeof cell === 'number' ? formatNumber(cell) : cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
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
