/**
 * What a network of the benchmark gives.
 *
 * @typedef {object} Net
 * @property {import('../../dist/nn/module.js').Module} module
 * @property {import('../../dist/contract/index.js').Phase[]} phases
 * @property {import('../../dist/contract/index.js').Capabilities} [capabilities]
 * @property {readonly number[]} item shape of one item of the batch
 * @property {number} [classes] items are whole numbers below this one; else they are images in 0…1
 * @property {number} ema decay of the moving average of the weights; 0: none
 */
export {};
