/** What an iteration keeps. */
import type { Tensor } from '../core/tensor.js';

/** Named tensors that one step of an iteration hands to the next. */
export type IterationState = Readonly<Record<string, Tensor>>;
