/** `google.rpc.Status`: what the body of a refused OTLP request holds. */
export interface RpcStatus {
  /** A gRPC status code. */
  readonly code: number;
  readonly message: string;
  /** Adds a `google.rpc.RetryInfo`. */
  readonly retryAfterMs?: number;
}

const retryInfoType = 'type.googleapis.com/google.rpc.RetryInfo';

/** The protobuf bytes: code = 1, message = 2, details = 3. https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto */
export function encodeRpcStatus(status: RpcStatus): Uint8Array {
  const details = status.retryAfterMs === undefined ? [] : [lengthDelimited(3, retryInfo(status.retryAfterMs))];
  return Buffer.concat([field(1, status.code), lengthDelimited(2, Buffer.from(status.message)), ...details]);
}

/** The same in protobuf's JSON. */
export function rpcStatusJson(status: RpcStatus): string {
  const { code, message, retryAfterMs } = status;
  const details = retryAfterMs === undefined ? [] : [{ '@type': retryInfoType, retryDelay: `${retryAfterMs / 1000}s` }];
  return JSON.stringify({ code, message, details });
}

/** An `Any` with a RetryInfo, whose retry_delay = 1 is a Duration of seconds = 1 and nanos = 2. */
function retryInfo(ms: number): Buffer {
  const duration = Buffer.concat([field(1, Math.floor(ms / 1000)), field(2, (ms % 1000) * 1e6)]);
  return Buffer.concat([
    lengthDelimited(1, Buffer.from(retryInfoType)),
    lengthDelimited(2, lengthDelimited(1, duration)),
  ]);
}

function field(number: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.concat([varint(number << 3), varint(value)]);
}

function lengthDelimited(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  while (value > 0x7f) {
    bytes.push((value % 0x80) | 0x80);
    value = Math.floor(value / 0x80);
  }
  return Buffer.from([...bytes, value]);
}
