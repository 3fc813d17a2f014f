/** What a model must be able to do, and be told, for an operation. */
import type { Capabilities, ModelInstance } from '../contract/index.js';
import { UsageError } from '../core/errors.js';
import type { HostTensor } from '../core/tensor.js';

/** What operations need, as an error says it. */
const abilities = {
  encode: 'encode',
  decode: 'decode',
  reconstruct: 'reconstruct',
  corrupt: 'corrupt',
  push: 'say where its discriminator pushes items',
  pixels: 'tell the grey levels of each pixel',
  noising: 'add noise to items step by step',
  imageToImage: 'change items',
} as const;

/**
 * What a model needs to be able to do for an operation, and the labels it needs to be told.
 * @throws UsageError where it cannot, or where a conditional model is given no labels
 */
export function need<K extends keyof typeof abilities>(
  { capabilities }: ModelInstance,
  operation: string,
  name: K,
  labels: HostTensor | undefined,
): NonNullable<Capabilities[K]> {
  const capability = capabilities[name];
  if (capability === undefined) {
    throw new UsageError({
      operation,
      expected: `a model that can ${abilities[name]}`,
      got: 'one that cannot',
      remedy: "'genera list models' shows what each model can do.",
    });
  }
  if (capabilities.classes?.required === true && labels === undefined) {
    throw new UsageError({
      operation,
      expected: 'labels, since the model is conditional',
      got: 'items without',
      remedy: 'Use labelled data, or say which label is meant.',
    });
  }
  return capability as NonNullable<Capabilities[K]>;
}
