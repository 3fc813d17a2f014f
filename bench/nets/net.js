/**
 * What a network of the benchmark gives.
 *
 * @typedef {object} Net
 * @property {import('../../dist/nn/module.js').Module} module
 * @property {import('../../dist/contract/index.js').Phase[]} phases
 * @property {readonly number[]} item shape of one item of the batch
 * @property {number} [classes] items are whole numbers below this one; else they are images in 0…1
 * @property {(x: import('../../dist/index.js').Tensor) => import('../../dist/index.js').Tensor} forward what sampling
 *   evaluates, once or again and again
 * @property {readonly number[]} [input] shape of one item that `forward` takes, where it is another than `item`
 * @property {number} ema decay of the moving average of the weights; 0: none
 */
export {};
