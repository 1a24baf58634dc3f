// The codec alone, without server, client and what those load: for threads and processes that only make or read messages.
export { encodeIpcStream } from './ipc/ipc-stream.ts';
export { decodeSchemaBytes, encodeSchemaBytes } from './ipc/schema-bytes.ts';
export { FlightDataDecoder } from './stream/decode.ts';
export { type EncodedMessage, type EncodeOptions, FlightDataEncoder } from './stream/encode.ts';
