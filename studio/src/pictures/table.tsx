/** Numbers of a picture as a table that is shown. */
import type { JSX } from 'preact';
import { formatNumber, type Table } from './numbers.js';

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
