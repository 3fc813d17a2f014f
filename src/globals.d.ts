/**
 * The few globals that Node and browsers share and that the portable rooms use. Declared here, because those rooms are
 * compiled without Node's and the DOM's types.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(encoding?: string, options?: { fatal?: boolean; ignoreBOM?: boolean; ignoreBOM?: boolean });
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string;
}
declare const performance: { now(): number };
/** Base64 of a string of bytes (each character below 256), and back. */
declare function btoa(bytes: string): string;
declare function atob(base64: string): string;
