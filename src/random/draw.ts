/** Fills arrays with noise that is described by plain data. */
import type { TypedArray } from '../core/dtype.js';
import type { Draw, FeedContext } from '../core/leaves.js';
import { boxMuller } from './box-muller.js';
import { fillNormal, fillUint32, fillUniform, type Stream } from './distributions.js';

type Fill = (out: TypedArray, stream: Stream, draw: Draw) => void;

const fills: Readonly<Record<Draw['kind'], Fill>> = {
  normal: (out, stream, draw) => {
    fillNormal(out as Float32Array, stream);
    stretch(out as Float32Array, draw);
  },
  uniform: (out, stream, draw) => {
    fillUniform(out as Float32Array, stream);
    stretch(out as Float32Array, draw);
  },
  exponential: (out, stream) => {
    const words = wordsOf(out, stream);
    const pair = new Float64Array(2);
    for (let i = 0; i < out.length; i++) {
      // At angle 0 the first Box–Muller value is the radius √(−2 ln u).
      boxMuller(words[i] as number, 0, pair);
      out[i] = Math.max(0.5 * (pair[0] as number) ** 2, 2 ** -33);
    }
  },
  integers: (out, stream, { scale: n }) => {
    const words = wordsOf(out, stream);
    for (let i = 0; i < out.length; i++) out[i] = Math.floor(((words[i] as number) * n) / 2 ** 32);
  },
};

/** Writes the noise of one run: a function of the draw, the seed, the step and the first row alone. */
export function fillDraw(out: TypedArray, draw: Draw, { seed, step, firstRow }: FeedContext): void {
  const { kind, site, itemSize } = draw;
  const rowSize = itemSize ?? out.length;
  const stream = { seed: draw.seed ?? seed, site, step, firstRow: itemSize === undefined ? 0 : firstRow, rowSize };
  fills[kind](out, stream, draw);
}

/** Random words in the array's own memory. */
function wordsOf(out: TypedArray, stream: Stream): Uint32Array {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  fillUint32(words, stream);
  return words;
}

function stretch(out: Float32Array, { offset, scale }: Draw): void {
  if (offset === 0 && scale === 1) return;
  for (let i = 0; i < out.length; i++) out[i] = offset + scale * (out[i] as number);
}
