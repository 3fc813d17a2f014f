/** What ONNX Runtime's sessions in Node have in common, whatever they run on. */
import { InferenceSession } from 'onnxruntime-node';
import { allocate, type TypedArray } from '../core/dtype.js';
import { BackendError, StorageError } from '../core/errors.js';
import type { TensorType } from '../core/op.js';
import { sizeOf } from '../core/shape.js';

/** @throws BackendError where ONNX Runtime refuses the model, StorageError where memory is short */
export async function buildSession(
  model: Uint8Array,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, {
      graphOptimizationLevel: 'all',
      executionMode: 'sequential',
      // A third less memory for 3 % more time (docs/PERFORMANCE.md).
      enableMemPattern: false,
      logSeverityLevel: 4, // errors come as exceptions; the log would print them a second time
      ...options,
    });
  } catch (cause) {
    throw fault('build a session', cause);
  }
}

export function zeros({ shape, dtype }: TensorType): TypedArray {
  return allocate(dtype, sizeOf(shape));
}

/** genera's error for one of ONNX Runtime. */
export function fault(operation: string, cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/bad_alloc|out of memory|allocate memory/i.test(message)) {
    return new StorageError(
      {
        operation,
        expected: 'enough memory',
        got: message,
        remedy: 'Use a smaller --batch-size or a smaller model.',
      },
      { cause },
    );
  }
  return new BackendError({ operation, expected: 'ONNX Runtime to accept the graph', got: message }, { cause });
}
