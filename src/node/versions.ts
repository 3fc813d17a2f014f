/** Versions of what a run is made with. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const versionOf = (path: string): string => (require(path) as { version: string }).version;

export const versions: Readonly<Record<'genera' | 'node' | 'onnxruntime-node', string>> = {
  genera: versionOf('../../package.json'),
  node: process.versions.node,
  'onnxruntime-node': versionOf('onnxruntime-node/package.json'),
};
