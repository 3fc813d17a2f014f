/** Tokenizers: characters, bytes, byte-level BPE. */
export { type BpeTrainingOptions, trainBpe } from './bpe-training.js';
export { ByteTokenizer } from './byte.js';
export { BpeTokenizer } from './byte-bpe.js';
export { CharacterTokenizer } from './character.js';
export { bpeFromGpt2Files, tokenizerFromJson } from './files.js';
export { joinBytes, StreamingDecoder, type Tokenizer } from './tokenizer.js';
