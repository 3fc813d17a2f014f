/** A listening socket, from its opening to its end. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StorageError, UsageError } from '../node/index.js';

export interface Listening {
  /** 'http://127.0.0.1:8000' */
  readonly url: string;
  readonly port: number;
  /** Takes no new connections and waits for the answers that are under way. */
  close(): Promise<void>;
}

/**
 * @param port 0: any that is free
 * @throws UsageError where the port is taken or the address is not this machine's
 */
export async function listen(listener: RequestListener, host: string, port: number): Promise<Listening> {
  const server = createServer(listener);
  await new Promise<void>((done, fail) => {
    server.once('error', (cause: NodeJS.ErrnoException) => fail(faultOf(cause, host, port)));
    server.listen(port, host, done);
  });
  const { port: chosen } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${chosen}`,
    port: chosen,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeIdleConnections();
      }),
  };
}

function faultOf(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  const operation = `listen on ${host}, port ${port}`;
  switch (cause.code) {
    case 'EADDRINUSE':
      return new UsageError(
        { operation, expected: 'a free port', got: 'one in use', remedy: 'Choose another --port; 0 takes a free one.' },
        { cause },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UsageError(
        { operation, expected: 'an address of this machine', got: `'${host}'`, remedy: 'Choose another --host.' },
        { cause },
      );
    case 'EACCES':
      return new UsageError(
        { operation, expected: 'the right to use this port', got: 'none', remedy: 'Choose a --port above 1023.' },
        { cause },
      );
    default:
      return new StorageError({ operation, expected: 'the system to allow it', got: cause.message }, { cause });
  }
}
