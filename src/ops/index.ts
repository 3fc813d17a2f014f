/** All ops, as functions and (by importing this file) as methods of Tensor. */
import './fluent.js';

export * from './activations.js';
export * from './arithmetic.js';
export * from './broadcast.js';
export * from './convolution.js';
export * from './gradient.js';
export * from './indexing.js';
export * from './joining.js';
export * from './linalg.js';
export * from './math.js';
export * from './movement.js';
export * from './normalization.js';
export * from './ordering.js';
export * from './padding.js';
export * from './pooling.js';
export * from './reduce.js';
export * from './resizing.js';
export * from './softmax.js';
