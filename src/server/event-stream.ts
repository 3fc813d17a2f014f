/** Server-sent events: text that goes on, over one answer. */
import { once } from 'node:events';
import type { Exchange } from './router.js';

export class EventStream {
  private readonly exchange: Exchange;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    exchange.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    exchange.response.flushHeaders();
  }

  /** Sends data without line breaks, JSON for example, and waits while the client is slower than we are. */
  async send(data: string, id?: number): Promise<void> {
    await this.write(`${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`);
  }

  /** Sends without waiting, for little text that somebody else's work must not wait for. */
  post(data: string): void {
    this.exchange.signal.throwIfAborted();
    this.exchange.response.write(`data: ${data}\n\n`);
  }

  /** Something that clients skip: it keeps the connection open, and shows whether it still is. */
  async beat(): Promise<void> {
    await this.write(':\n\n');
  }

  end(): void {
    this.exchange.response.end();
  }

  private async write(text: string): Promise<void> {
    const { response, signal } = this.exchange;
    signal.throwIfAborted();
    if (!response.write(text)) await once(response, 'drain', { signal });
  }
}
