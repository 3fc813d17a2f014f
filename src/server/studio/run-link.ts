/** The server's end of a run's process. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BackendError } from '../../core/errors.js';
import { errorOf } from '../../train/host.js';
import type { CallName, Calls, Message, Surroundings } from './messages.js';

const program = fileURLToPath(new URL('./run-process.js', import.meta.url));

/** Characters of what the process wrote last to its error output that are kept to explain its end. */
const lastWords = 2000;

interface Waiting {
  done(result: unknown): void;
  fail(error: unknown): void;
}

export class RunLink {
  /** Bytes, as of its last message. */
  memory = 0;
  /** Resolves when the process has ended; with an error where it was not over and nobody had asked it to. */
  readonly ended: Promise<BackendError | undefined>;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private words = '';
  private count = 0;
  private dismissed = false;

  /** @param grown told when the run's log has grown */
  constructor(directory: string, surroundings: Surroundings, grown: () => void) {
    this.child = fork(program, [directory, JSON.stringify(surroundings)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.stderr?.on('data', (text) => {
      this.words = (this.words + text).slice(-lastWords);
    });
    this.child.on('message', (message: Message) => this.receive(message, grown));
    this.ended = new Promise((done) => {
      const end = (reason: string, expected = this.dismissed): void => {
        const cause = this.faultOf(reason);
        for (const { fail } of this.waiting.values()) fail(cause);
        this.waiting.clear();
        done(expected ? undefined : cause);
      };
      this.child.once('error', (error) => end(error.message));
      this.child.once('close', (code, signal) =>
        end(signal === null ? `exit status ${code}` : `signal ${signal}`, this.dismissed || code === 0),
      );
    });
  }

  /** @throws the error that the process met, or BackendError where it ends before it answers */
  call<N extends CallName>(name: N, args: Calls[N]['args']): Promise<Calls[N]['result']> {
    return new Promise((done, fail) => {
      const id = ++this.count;
      this.waiting.set(id, { done: done as Waiting['done'], fail });
      this.child.send({ id, name, args }, (error) => {
        if (error === null || !this.waiting.delete(id)) return;
        fail(this.faultOf(error.message));
      });
    });
  }

  /** Ends the process at once. */
  async dismiss(): Promise<void> {
    this.dismissed = true;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private receive(message: Message, grown: () => void): void {
    if (message.kind === 'grown') {
      this.memory = message.memory;
      grown();
      return;
    }
    const { done, fail } = this.waiting.get(message.id) ?? {};
    this.waiting.delete(message.id);
    if (message.kind === 'result') done?.(message.result);
    else fail?.(errorOf(message.error));
  }

  private faultOf(reason: string): BackendError {
    const words = this.words.trim();
    return new BackendError({
      operation: 'process of the run',
      expected: 'it to go on',
      got: `${reason}${words === '' ? '' : `: ${words.split('\n').at(-1)}`}`,
      remedy: 'Resume the run: it goes on from its last checkpoint. If it ends so again, use a smaller batch size.',
    });
  }
}
