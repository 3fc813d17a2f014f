/** How much of a codebook is used on held-out items. */
import type { EvaluationContext } from './contract.js';
import { valuesOfItems } from './per-item.js';

/** How often each entry is read. */
async function readings(context: EvaluationContext): Promise<Float64Array> {
  const { codes, indices } = context.instance.capabilities.quantize!;
  const counts = new Float64Array(codes);
  for (const index of await valuesOfItems(context, 'codebook', 100, (x) => indices(x).flatten(1).cast('float32'))) {
    counts[index]!++;
  }
  return counts;
}

/** Share of the entries that are read at least once. */
export async function codebookUsage(context: EvaluationContext): Promise<number> {
  return shareUsed(await readings(context));
}

export function shareUsed(counts: Float64Array): number {
  return counts.filter((n) => n > 0).length / counts.length;
}

/** e to the entropy of the readings: as many entries, read equally often, would be as varied. */
export async function codebookPerplexity(context: EvaluationContext): Promise<number> {
  return perplexity(await readings(context));
}

export function perplexity(counts: Float64Array): number {
  const total = counts.reduce((a, b) => a + b, 0);
  return Math.exp(-counts.reduce((sum, n) => (n === 0 ? sum : sum + (n / total) * Math.log(n / total)), 0));
}
