/** Why an OTLP request was refused. `INVALID`: it is not OTLP. `TOO_LARGE`: decoded, it would take more memory than allowed. */
export type OtlpErrorCode = 'INVALID' | 'TOO_LARGE';

/**
 * An OTLP request that can't be taken. Nothing of it was kept. The message names the place by its path in OTLP's JSON
 * names (`resourceSpans[0].scopeSpans[1].spans[3].name: …`), for protobuf too.
 */
export class OtlpDecodeError extends Error {
  readonly code: OtlpErrorCode;

  constructor(message: string, code: OtlpErrorCode = 'INVALID') {
    super(message);
    this.name = 'OtlpDecodeError';
    this.code = code;
  }
}

/** A fault at a byte of a protobuf message; whoever knows the message's type turns the offset into a path. */
export class WireError extends Error {
  readonly offset: number;
  readonly code: OtlpErrorCode;

  constructor(message: string, offset: number, code: OtlpErrorCode = 'INVALID') {
    super(message);
    this.name = 'WireError';
    this.offset = offset;
    this.code = code;
  }
}
