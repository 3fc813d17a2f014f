/** Trees: nested lists and records whose leaves are tensors (or anything else that is not a plain list or record). */

export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** `Replace<R, A, B>`: the type R with every leaf A made a B. */
export type Replace<R, A, B> = R extends A ? B : { [K in keyof R]: Replace<R[K], A, B> };

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Calls `fn` on each leaf with its path (`a.0.b`), in the order of the keys; undefined leaves stay. */
export function mapTree<A, B>(tree: Tree<A>, fn: (leaf: A, path: string) => B, path = ''): Tree<B> {
  const sub = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
  if (Array.isArray(tree)) return tree.map((t: Tree<A>, i) => mapTree(t, fn, sub(i)));
  // Tensor types and host tensors are plain records too: they are told by their dtype and shape.
  if (isRecord(tree) && !('dtype' in tree && 'shape' in tree)) {
    return Object.fromEntries(Object.entries(tree).map(([k, t]) => [k, mapTree(t as Tree<A>, fn, sub(k))]));
  }
  return tree === undefined ? (undefined as Tree<B>) : fn(tree as A, path);
}

/** The leaves in order. */
export function leavesOf<A>(tree: Tree<A>): A[] {
  const leaves: A[] = [];
  mapTree(tree, (leaf) => leaves.push(leaf));
  return leaves;
}
