/** Processes that have stored models open, to be asked; each ends when nobody has asked it for a while. */
import type { Surroundings } from './messages.js';
import { RunLink } from './run-link.js';

const idleMilliseconds = 120_000;

interface Reader {
  readonly link: RunLink;
  /** Questions that it is answering. */
  busy: number;
  idle: NodeJS.Timeout | undefined;
}

export class Readers {
  private readonly surroundings: Surroundings;
  private readonly open = new Map<string, Promise<Reader>>();

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
  }

  /** Asks the process of a run, which is begun where there is none. */
  async ask<R>(directory: string, question: (link: RunLink) => Promise<R>): Promise<R> {
    const reader = await (this.open.get(directory) ?? this.begin(directory));
    reader.busy++;
    clearTimeout(reader.idle);
    try {
      return await question(reader.link);
    } finally {
      reader.busy--;
      if (reader.busy === 0) reader.idle = setTimeout(() => void this.end(directory), idleMilliseconds).unref();
    }
  }

  async end(directory: string): Promise<void> {
    const reader = await this.open.get(directory)?.catch(() => undefined);
    this.open.delete(directory);
    clearTimeout(reader?.idle);
    await reader?.link.dismiss();
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.open.keys()].map((directory) => this.end(directory)));
  }

  private begin(directory: string): Promise<Reader> {
    const link = new RunLink(directory, this.surroundings, () => undefined);
    const reader = link.call('read', {}).then((): Reader => ({ link, busy: 0, idle: undefined }));
    this.open.set(directory, reader);
    const forget = (): void => {
      if (this.open.get(directory) === reader) this.open.delete(directory);
    };
    void link.ended.then(forget);
    reader.catch(() => {
      forget();
      return link.dismiss();
    });
    return reader;
  }
}
