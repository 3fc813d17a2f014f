/** The public names of nn. */
import * as initializers from './initializers.js';

export type { Initializer } from './initializers.js';
export { Linear } from './linear.js';
export { type Context, type Layer, Module, namedVariables } from './module.js';
export { ModuleList, Sequential, type Step } from './sequential.js';
export { initializers };
