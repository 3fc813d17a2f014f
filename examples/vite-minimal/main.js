import { createHost } from 'genera/web';

const status = document.querySelector('#status');
const canvas = document.querySelector('#samples');

const host = createHost();
const run = await host.start({ model: 'vae', settings: { epochs: 3 }, seed: 1 });

host.watch(run.id, 1, ({ event }) => {
  switch (event.kind) {
    case 'download':
      status.textContent = `Loading the runtime: ${(event.loaded / 1e6).toFixed(1)} MB`;
      break;
    case 'step':
      status.textContent = `Step ${event.step} of ${event.totalSteps}, loss ${event.metrics.loss.toFixed(1)} nats`;
      break;
    case 'samples':
      draw(event.samples);
      break;
    case 'status':
      document.body.dataset.state = event.state;
      if (event.error) status.textContent = event.error.message;
      break;
  }
});

/** Grey images [count, 1, height, width] with values in 0…1, eight in a row. */
function draw({ shape: [count, , height, width], data }) {
  const context = canvas.getContext('2d');
  for (let i = 0; i < count; i++) {
    const image = context.createImageData(width, height);
    for (let p = 0; p < height * width; p++) {
      const grey = 255 - 255 * data[i * height * width + p];
      image.data.set([grey, grey, grey, 255], 4 * p);
    }
    context.putImageData(image, (i % 8) * width, Math.floor(i / 8) * height);
  }
}
