/** Files over the network, with their progress. */
import { BackendError } from '../core/errors.js';

/** Bytes so far, and of the whole file: 0 where that is not known. */
export type OnDownload = (loaded: number, total: number) => void;

/** A whole file, told piece by piece. */
export async function download(address: string, onDownload: OnDownload = () => undefined): Promise<ArrayBuffer> {
  const fault = (got: string, cause?: unknown): BackendError =>
    new BackendError(
      {
        operation: `download ${address}`,
        expected: 'the file',
        got,
        remedy: 'Check the connection and the address, and try again.',
      },
      { cause },
    );
  try {
    const response = await fetch(address);
    if (!response.ok || response.body === null) throw fault(`${response.status} ${response.statusText}`.trim());
    if (response.headers.get('content-type')?.startsWith('text/html')) throw fault('a page of HTML');
    // The length that is told is that of the packed bytes.
    const packed = response.headers.has('content-encoding');
    const total = packed ? 0 : Number(response.headers.get('content-length') ?? 0);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    onDownload(0, total);
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      parts.push(part);
      size += part.length;
      onDownload(size, total);
    }
    return await new Blob(parts).arrayBuffer();
  } catch (cause) {
    throw cause instanceof BackendError ? cause : fault(cause instanceof Error ? cause.message : String(cause), cause);
  }
}
