/** The public surface of genera that every platform shares. */
export * from './core/errors.js';
export { formatGraph, verify } from './core/graph.js';
export { fromStep, tensor, Variable } from './core/leaves.js';
export { evaluate, type HostTensor, Tensor } from './core/tensor.js';
export * from './ops/index.js';
export { type Backend, defaultBackend, setDefaultBackend } from './runtime/backend.js';
export { compile, type Program } from './runtime/program.js';
export { allot, arenasOf, readVariables, writeVariables } from './runtime/state.js';
