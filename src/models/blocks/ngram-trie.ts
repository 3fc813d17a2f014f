/**
 * Counts of all n-grams of a text up to a length, as a trie: a node is an n-gram, its children are the n-grams with one
 * token more. Nodes lie in flat arrays; children are found by hashing (node, token), so megabytes of text take seconds.
 */
const growth = 2;
const firstCapacity = 1 << 12;

export class NgramTrie {
  readonly vocabulary: number;
  /** Nodes; node 0 is the empty n-gram. Parents come before their children. */
  size = 1;
  parent = new Int32Array(firstCapacity);
  token = new Int32Array(firstCapacity);
  count = new Int32Array(firstCapacity);
  #slots = new Int32Array(firstCapacity * 2);

  constructor(vocabulary: number) {
    this.vocabulary = vocabulary;
  }

  /** Counts every n-gram, n ≤ order, of a text. */
  static of(text: Int32Array, order: number, vocabulary: number): NgramTrie {
    const trie = new NgramTrie(vocabulary);
    for (let start = 0; start < text.length; start++) {
      let node = 0;
      for (let i = start; i < Math.min(start + order, text.length); i++) {
        node = trie.#childOrNew(node, text[i]!);
        trie.count[node]!++;
      }
    }
    return trie;
  }

  /** The same trie from the arrays that it was saved as. */
  static from(arrays: { parent: Int32Array; token: Int32Array; count: Int32Array }, vocabulary: number): NgramTrie {
    const trie = new NgramTrie(vocabulary);
    for (let i = 1; i < arrays.parent.length; i++) {
      const node = trie.#childOrNew(arrays.parent[i]!, arrays.token[i]!);
      trie.count[node] = arrays.count[i]!;
    }
    return trie;
  }

  /** The child of a node, or 0. */
  child(node: number, token: number): number {
    return this.#slots[this.#slotOf(node, token)]!;
  }

  #childOrNew(node: number, token: number): number {
    const slot = this.#slotOf(node, token);
    if (this.#slots[slot] !== 0) return this.#slots[slot]!;
    if (this.size === this.parent.length) {
      this.#grow();
      return this.#childOrNew(node, token);
    }
    const made = this.size++;
    this.parent[made] = node;
    this.token[made] = token;
    this.#slots[slot] = made;
    return made;
  }

  /** The place of a child among the slots: where it is, or the empty one where it would be. */
  #slotOf(node: number, token: number): number {
    const mask = this.#slots.length - 1;
    let hash = Math.imul(node, 0x9e3779b1) ^ Math.imul(token + 1, 0x85ebca6b);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    for (let slot = (hash ^ (hash >>> 13)) & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot]!;
      if (found === 0 || (this.parent[found] === node && this.token[found] === token)) return slot;
    }
  }

  #grow(): void {
    const larger = (array: Int32Array): Int32Array<ArrayBuffer> => {
      const copy = new Int32Array(array.length * growth);
      copy.set(array);
      return copy;
    };
    this.parent = larger(this.parent);
    this.token = larger(this.token);
    this.count = larger(this.count);
    this.#slots = new Int32Array(this.#slots.length * growth);
    for (let node = 1; node < this.size; node++) {
      this.#slots[this.#slotOf(this.parent[node]!, this.token[node]!)] = node;
    }
  }

  /** Length of each n-gram. */
  depths(): Uint8Array {
    const depths = new Uint8Array(this.size);
    for (let node = 1; node < this.size; node++) depths[node] = depths[this.parent[node]!]! + 1;
    return depths;
  }

  /** Node of each n-gram without its first token. */
  suffixes(): Int32Array {
    const suffixes = new Int32Array(this.size);
    for (let node = 1; node < this.size; node++) {
      if (this.parent[node] !== 0) suffixes[node] = this.child(suffixes[this.parent[node]!]!, this.token[node]!);
    }
    return suffixes;
  }
}
