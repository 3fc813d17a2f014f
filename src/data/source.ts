/** Where the bytes of data files come from. Node and the browser each give a source; data sets only read from one. */

/** A file as its publisher offers it. */
export interface DataFile {
  /** Place below a data directory: 'mnist/train-images-idx3-ubyte.gz'. */
  readonly path: string;
  /** The publisher's addresses, tried in order. */
  readonly addresses: readonly string[];
  /** Hexadecimal digest of the published file, where it is known. */
  readonly sha256?: string;
  readonly bytes?: number;
}

/** A file's content, and where it was found, for error messages. */
export interface FoundFile {
  readonly bytes: Uint8Array;
  readonly location: string;
}

export interface DataSource {
  /** @throws DataError when the file is nowhere to be had or is not the published one */
  read(file: DataFile): Promise<FoundFile>;
}
