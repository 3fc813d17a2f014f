/** Codes of a data set as plain rows, and statistics of them. */
import type { EvaluationContext } from './contract.js';
import { valuesOfItems } from './per-item.js';
import type { Rows } from './rows.js';

/** Mean codes of all items, flattened. */
export async function meanCodes(context: EvaluationContext): Promise<Rows> {
  const encode = context.instance.capabilities.encode!;
  const values = await valuesOfItems(context, 'codes', 100, (x, told) => encode(x, told).mean.flatten(1));
  return { count: context.data.count, width: values.length / context.data.count, values };
}

/** Variance of each column, over the chosen rows (default: all), divided by their number. */
export function columnVariances({ count, width, values }: Rows, rows?: readonly number[]): Float64Array {
  const chosen = rows ?? Array.from({ length: count }, (_, i) => i);
  const out = new Float64Array(width);
  for (let j = 0; j < width; j++) {
    let mean = 0;
    for (const i of chosen) mean += values[i * width + j]! / chosen.length;
    for (const i of chosen) out[j]! += (values[i * width + j]! - mean) ** 2 / chosen.length;
  }
  return out;
}
