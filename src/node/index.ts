/** genera in Node: importing this makes ONNX Runtime's CPU backend the default. */
import { setDefaultBackend } from '../runtime/backend.js';
import { cpuBackend } from './backend.js';

setDefaultBackend(cpuBackend());

export * from '../index.js';
export { cpuBackend } from './backend.js';
