/** The worker of runs, with its GPU in reach: so that a test can destroy it. */
import '../../../src/web/worker.js';

// No message arrives before this is done.
const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, descriptor) {
  const device = await requestDevice.call(this, descriptor);
  (globalThis as { gpu?: GPUDevice }).gpu = device;
  return device;
};
