/** Optimizers, schedules, clipping, averaging and accumulation: pure transforms of lists of tensors. */
import { adagrad } from './adagrad.js';
import { adam, adamW } from './adam.js';
import { lion } from './lion.js';
import { rmsprop } from './rmsprop.js';
import { sgd } from './sgd.js';

/** Each optimizer by its name, for configurations. */
export const optimizers = { sgd, adam, adamW, rmsprop, adagrad, lion } as const;

export { type Accumulator, accumulate } from './accumulate.js';
export { type AdagradSettings, adagrad } from './adagrad.js';
export { type AdamSettings, adam, adamW } from './adam.js';
export { clipByGlobalNorm, clipByValue, clipScale, globalNorm } from './clipping.js';
export { type Ema, type EmaOptions, ema } from './ema.js';
export { type LionSettings, lion } from './lion.js';
export type { AtStep, Moments, Optimizer, UpdateContext } from './optimizer.js';
export { type RmspropSettings, rmsprop } from './rmsprop.js';
export { constant, cosine, linear, type OneCycleOptions, oneCycle, type Schedule, step, warmUp } from './schedules.js';
export { type SgdSettings, sgd } from './sgd.js';
