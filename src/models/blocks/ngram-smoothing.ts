/**
 * Smoothing: probabilities for n-grams that were never counted. Each rule gives p(w | h) from the probability for the
 * shorter context h′ (h without its first token), beginning with the uniform p(w) = 1/V.
 */
import type { NgramTrie } from './ngram-trie.js';

/** A rule, made ready for some counts. */
export interface Smoothing {
  /**
   * p(w | h).
   * @param context node of h @param child node of hw, 0 where it was not counted @param shorter p(w | h′)
   */
  probability(context: number, child: number, shorter: number): number;
}

/** Σ over the children of each node. */
function sumsOver(trie: NgramTrie, of: (node: number) => number): Float64Array {
  const sums = new Float64Array(trie.size);
  for (let node = 1; node < trie.size; node++) sums[trie.parent[node]!]! += of(node);
  return sums;
}

/** (c(hw) + k)/(c(h·) + kV): the shorter context counts only where h itself was never met (Lidstone 1920). */
export function addK(trie: NgramTrie, order: number, k: number): Smoothing {
  const totals = sumsOver(trie, (node) => trie.count[node]!);
  const depths = trie.depths();
  return {
    probability: (context, child, shorter) =>
      totals[context] === 0 && depths[context]! < order
        ? shorter
        : ((child === 0 ? 0 : trie.count[child]!) + k) / (totals[context]! + k * trie.vocabulary),
  };
}

/**
 * Interpolated Kneser–Ney with three discounts:
 *   p(w | h) = max(c(hw) − D(c), 0)/c(h·) + γ(h)·p(w | h′),   γ(h) = Σ_w min(D(c), c)/c(h·)
 * For shorter n-grams c is not how often they occur but after how many different tokens.
 *
 * Source: Kneser & Ney 1995; Chen & Goodman 1998, section 4.1.6 (interpolation), 4.1.7 (three discounts).
 */
export function kneserNey(trie: NgramTrie, order: number): Smoothing {
  const depths = trie.depths();
  const suffixes = trie.suffixes();
  const counts = new Float64Array(trie.size);
  for (let node = 1; node < trie.size; node++) {
    if (depths[node] === order) counts[node] = trie.count[node]!;
    if (depths[node]! > 1) counts[suffixes[node]!]!++; // one more token that its suffix follows
  }
  if (order === 1) for (let node = 1; node < trie.size; node++) counts[node] = trie.count[node]!;
  const discounts = Array.from({ length: order + 1 }, (_, n) => discountsOf(counts, depths, n));
  const discount = (node: number): number => discounts[depths[node]!]![Math.min(3, counts[node]!)]!;
  const totals = sumsOver(trie, (node) => counts[node]!);
  const taken = sumsOver(trie, discount);
  return {
    probability: (context, child, shorter) => {
      const total = totals[context]!;
      if (total === 0) return shorter;
      const own = child === 0 ? 0 : counts[child]! - discount(child);
      return (own + taken[context]! * shorter) / total;
    },
  };
}

/** D₁, D₂, D₃ of the n-grams of one length, from how many occur once, twice, …; index 0 is 0 (Chen & Goodman, eq. 26). */
function discountsOf(counts: Float64Array, depths: Uint8Array, n: number): readonly number[] {
  const times = countsOfCounts(counts, depths, n, 4);
  const [, n1, n2, n3, n4] = times as [number, number, number, number, number];
  const y = n1 / (n1 + 2 * n2);
  const formula = [0, 1 - (2 * y * n2) / n1, 2 - (3 * y * n3) / n2, 3 - (4 * y * n4) / n3];
  // Where too few are counted for the formula, half a count.
  return formula.map((d, c) => (c === 0 ? 0 : Number.isFinite(d) && d > 0 && d < c ? d : 0.5));
}

/** How many n-grams of a length occur once, twice, … up to `most` times; by count. */
function countsOfCounts(counts: ArrayLike<number>, depths: Uint8Array, n: number, most: number): number[] {
  const times = new Array<number>(most + 1).fill(0);
  for (let node = 1; node < depths.length; node++) {
    if (depths[node] === n && counts[node]! <= most) times[counts[node]!]!++;
  }
  return times;
}

/** Counts above this are reliable and keep all of their probability. */
const reliable = 5;

/**
 * Katz: counts up to five are lowered as Good and Turing estimate, and what is gained goes to the tokens that did not
 * follow, in proportion to p(w | h′):
 *   p(w | h) = d(c)·c(hw)/c(h·) where c > 0, else α(h)·p(w | h′).
 * A context none of whose counts is lowered gives away one count, as otherwise nothing would be left.
 *
 * Source: Katz 1987.
 */
export function katz(trie: NgramTrie, order: number): Smoothing {
  const depths = trie.depths();
  const ratios = Array.from({ length: order + 1 }, (_, n) =>
    goodTuring(countsOfCounts(trie.count, depths, n, reliable + 1)),
  );
  const lowered = (node: number): number => {
    const c = trie.count[node]!;
    return c > reliable ? c : c * ratios[depths[node]!]![c]!;
  };
  const raw = sumsOver(trie, (node) => trie.count[node]!);
  const kept = sumsOver(trie, lowered);
  const kinds = sumsOver(trie, () => 1);
  const totals = raw.map((c, node) => {
    if (kinds[node] === trie.vocabulary) return kept[node]!; // every token followed: nothing to give away
    return c - kept[node]! < 1e-9 ? c + 1 : c;
  });
  // Σ p(w | h′) over the tokens that followed h: what the rest's share is taken from.
  const suffixes = trie.suffixes();
  const seenShorter = new Float64Array(trie.size);
  const rule = (context: number, child: number, shorter: number): number => {
    if (totals[context] === 0) return shorter;
    if (child !== 0) return lowered(child) / totals[context]!;
    const rest = 1 - seenShorter[context]!;
    return rest > 1e-12 ? ((1 - kept[context]! / totals[context]!) / rest) * shorter : 0;
  };
  // Contexts in order of length, so that those of shorter ones are ready; the trie has parents before children only.
  const byDepth = Array.from({ length: order }, (): number[] => []);
  for (let node = 1; node < trie.size; node++) byDepth[depths[node]! - 1]!.push(node);
  const shorterOf = new Float64Array(trie.size); // p(w | h′) for hw
  for (const nodes of byDepth) {
    for (const node of nodes) {
      const [suffix, parent] = [suffixes[node]!, trie.parent[node]!];
      const p = suffix === 0 ? 1 / trie.vocabulary : rule(trie.parent[suffix]!, suffix, shorterOf[suffix]!);
      shorterOf[node] = p;
      seenShorter[parent]! += p;
    }
  }
  return { probability: rule };
}

/** d(c) for c = 0 … 5 (Katz 1987, eq. 13); 1 where too few n-grams are counted for the formula. */
function goodTuring(times: readonly number[]): readonly number[] {
  const most = ((reliable + 1) * times[reliable + 1]!) / times[1]!;
  return Array.from({ length: reliable + 1 }, (_, c) => {
    const ratio = (((c + 1) * times[c + 1]!) / (c * times[c]!) - most) / (1 - most);
    return c > 0 && Number.isFinite(ratio) && ratio > 0 && ratio < 1 ? ratio : 1;
  });
}
