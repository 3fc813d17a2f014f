/** What an executor of graphs can do beyond the standard operators. */
export interface Target {
  /**
   * Channels in one block of its blocked convolutions, which keep an image as [N, C/block, H, W, block]; 1: it has none.
   */
  readonly block: number;
}

/** Standard ONNX only: what exported files are written for. */
export const standardTarget: Target = { block: 1 };
