/**
 * Sessions give their memory back by themselves: at most `resident` of them are kept, the one used longest ago goes
 * first and is built again when it is used again; and a program that the garbage collector takes releases its own.
 */
import type { Backend, Session, SessionOptions } from './backend.js';

const resident = 16;

/** A session that is built on first use. */
export class LazySession {
  private readonly backend: Backend;
  private session: Promise<Session> | undefined;
  private users = 0;

  constructor(backend: Backend) {
    this.backend = backend;
  }

  /** @param model the same at each call, and so are the options */
  async use<R>(model: Uint8Array, options: SessionOptions, fn: (session: Session) => Promise<R>): Promise<R> {
    this.users++;
    try {
      recent.delete(this);
      recent.add(this);
      this.session ??= this.build(model, options);
      evict();
      return await fn(await this.session);
    } finally {
      this.users--;
    }
  }

  get busy(): boolean {
    return this.users > 0;
  }

  /** Releases the session; the next use builds it again. */
  async release(): Promise<void> {
    recent.delete(this);
    const session = this.session;
    this.session = undefined;
    const built = await session?.catch(() => undefined);
    await built?.release();
  }

  private build(model: Uint8Array, options: SessionOptions): Promise<Session> {
    const session = this.backend.createSession(model, options);
    // One that cannot be built is forgotten, so that nothing waits for its release and the next use tries again.
    session.catch(() => {
      if (this.session === session) void this.release();
    });
    return session;
  }
}

/** In order of last use. Holds the sessions, never the programs that own them. */
const recent = new Set<LazySession>();

function evict(): void {
  for (const session of recent) {
    if (recent.size <= resident) return;
    if (!session.busy) void session.release();
  }
}

const owners = new FinalizationRegistry<LazySession>((session) => {
  void session.release();
});

/** Releases `session` when `owner` is garbage. */
export function releaseWith(owner: object, session: LazySession): void {
  owners.register(owner, session);
}
