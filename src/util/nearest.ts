/** Names close to a mistyped one, for error messages. */

/**
 * Edit distance: the fewest insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
 * (optimal string alignment; no part is edited twice).
 */
export function editDistance(a: string, b: string): number {
  // Rows i − 2, i − 1 and i of the table: row[j] is the distance of a[0, i) and b[0, j).
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, (last[j] as number) + 1, (row[j - 1] as number) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (beforeLast[j - 2] as number) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}

/**
 * The candidates a mistyped name may have meant, best first: those that begin with it or that it begins with, and
 * those within a third of its length in edits. Case and separators (`-`, `_`, space) do not count.
 */
export function nearestNames(name: string, candidates: Iterable<string>, limit = 3): string[] {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s]/g, '');
  const wanted = plain(name);
  const scored: { candidate: string; distance: number }[] = [];
  for (const candidate of candidates) {
    const other = plain(candidate);
    const distance = editDistance(wanted, other);
    const related = wanted.length >= 2 && (other.startsWith(wanted) || wanted.startsWith(other));
    if (related || distance <= Math.max(1, Math.ceil(Math.max(wanted.length, other.length) / 3))) {
      scored.push({ candidate, distance: related ? Math.min(distance, 1) : distance });
    }
  }
  scored.sort((x, y) => x.distance - y.distance);
  return scored.slice(0, limit).map(({ candidate }) => candidate);
}

/** "Did you mean a or b?", or '' when nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const near = nearestNames(name, candidates);
  if (near.length === 0) return '';
  const last = near.at(-1);
  return near.length === 1 ? `Did you mean ${last}?` : `Did you mean ${near.slice(0, -1).join(', ')} or ${last}?`;
}
