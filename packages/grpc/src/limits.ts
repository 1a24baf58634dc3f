/** What a server takes from its clients. Every limit that refuses a call names itself in the refusal. */
export interface GrpcLimits {
  /** Of one request message, after decompression. `Infinity` for what the wire can express (4 GiB). */
  readonly receiveMessageBytesMax: number;
  /** Of the requests that all calls together hold: those being received, those waiting for their handler, and those of unary calls under way. */
  readonly requestBytesMax: number;
  /** Of requests that wait in one streaming call; beyond it the client is slowed by flow control. */
  readonly receiveBufferBytes: number;
  /** Of responses that wait in one call; beyond it the handler's next response isn't asked for. */
  readonly sendBufferBytes: number;
  /** Of a request's headers together, each counted with 32 bytes more. */
  readonly headerBytesMax: number;
  /** Of a request's headers, the count. */
  readonly headersMax: number;
  /** Calls under way on all connections; those beyond are refused. */
  readonly callsMax: number;
  /** Calls under way on one connection; a client that asks for more waits. */
  readonly streamsPerConnectionMax: number;
  /** Open connections; those beyond are closed as they come. */
  readonly connectionsMax: number;
  /** HTTP/2's flow-control window of a stream: how much may arrive of one call that its handler hasn't asked for. */
  readonly streamWindowBytes: number;
  /** HTTP/2's flow-control window of a connection. */
  readonly connectionWindowBytes: number;
  /** The largest DATA frame a client may send: fewer, larger pieces for those that use it. */
  readonly frameBytesMax: number;
  /** Memory that HTTP/2 itself may take for one connection, responses that wait to be sent included: where it is used up, new calls are refused and at last the connection is closed. */
  readonly sessionMemoryMbMax: number;
  /** From a connection's beginning (TLS included) to enough bytes to tell its protocol, and from there to HTTP/2's settings or to the first HTTP/1.1 request's headers. */
  readonly handshakeTimeoutMs: number;
  /** Streams that a client may open and reset at once, beyond which its connection is closed (33 a second are forgiven). */
  readonly streamResetsBurst: number;
  /** Pings that a client may send within ten seconds with little else, beyond which its connection is closed. */
  readonly idlePingsMax: number;
}

const mebibyte = 1 << 20;

export const defaultLimits: GrpcLimits = {
  receiveMessageBytesMax: 64 * mebibyte,
  requestBytesMax: 512 * mebibyte,
  receiveBufferBytes: mebibyte,
  sendBufferBytes: mebibyte,
  headerBytesMax: 64 << 10,
  headersMax: 256,
  callsMax: 20_000,
  streamsPerConnectionMax: 512,
  connectionsMax: 10_000,
  streamWindowBytes: 4 * mebibyte,
  connectionWindowBytes: 16 * mebibyte,
  frameBytesMax: mebibyte,
  sessionMemoryMbMax: 2048,
  handshakeTimeoutMs: 10_000,
  streamResetsBurst: 1000,
  idlePingsMax: 200,
};
