/**
 * Many words of Philox at once: by WebAssembly's vectors (philox.wat) where the engine has them and lets pages use them,
 * in a seventh of the time of `fillWords`. The words are the same.
 */
import { fillWords, type PhiloxPosition } from './philox.js';
import { code } from './philox-code.js';

/** What of WebAssembly is used here; the language's own types do not know it. */
interface Assembly {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Writes 16·groups words, from the first word of `block` on, at the start of the memory. */
  fill(groups: number, block: number, row: number, step: number, site: number, key0: number, key1: number): void;
}

/** Words that the memory of one page takes. */
const room = 2 ** 14;
/** Fewer words than this are sooner made than asked for. */
const few = 8;

let loaded: { readonly fill: Exports['fill']; readonly words: Uint32Array } | undefined;
let tried = false;

function load(): typeof loaded {
  if (tried) return loaded;
  tried = true;
  try {
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly;
    const { fill, memory } = new Instance(new Module(code)).exports as Exports;
    loaded = { fill, words: new Uint32Array(memory.buffer) };
  } catch {
    // No vectors in this engine, or a page whose policy forbids WebAssembly: `fillWords` does it all.
  }
  return loaded;
}

/** As `fillWords`: `out[start + i]` is word `i % 4` of block `position.block + (i >> 2)`, for i < count. */
export function fillManyWords(
  out: Uint32Array,
  start: number,
  count: number,
  position: PhiloxPosition,
  keyLow: number,
  keyHigh: number,
): void {
  const simd = count < few ? undefined : load();
  if (simd === undefined) {
    fillWords(out, start, count, position, keyLow, keyHigh);
    return;
  }
  const { row, step, site } = position;
  for (let done = 0; done < count; done += room) {
    const part = Math.min(room, count - done);
    simd.fill(Math.ceil(part / 16), position.block + done / 4, row, step, site, keyLow, keyHigh);
    out.set(part === room ? simd.words : simd.words.subarray(0, part), start + done);
  }
}
