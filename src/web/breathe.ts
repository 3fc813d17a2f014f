/** Work that waits only for promises keeps a worker from hearing anything: its messages and its store are tasks. */
const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];
port1.onmessage = () => waiting.shift()?.();

/** Lets everything happen that waits to happen. Unlike a timer it costs microseconds. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(undefined);
  });
}
