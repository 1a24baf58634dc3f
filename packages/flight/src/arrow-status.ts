import { GrpcError, Metadata, Status } from '@signaldb/grpc';

/** The codes of Arrow's own status, as its C++ library numbers them. */
const codes = {
  OutOfMemory: 1,
  KeyError: 2,
  TypeError: 3,
  Invalid: 4,
  IOError: 5,
  CapacityError: 6,
  IndexError: 7,
  Cancelled: 8,
  UnknownError: 9,
  NotImplemented: 10,
  SerializationError: 11,
  AlreadyExists: 45,
} as const;

/** Arrow's name for what went wrong: pyarrow raises the exception of that name (`Invalid`: `ArrowInvalid`). */
export type ArrowStatusCode = keyof typeof codes;

export interface ArrowStatus {
  readonly code: ArrowStatusCode;
  readonly message: string;
  /** What the server's status said beside the message. */
  readonly detail?: string;
  /** Bytes for the application: pyarrow's `extra_info`, in gRPC's terms a serialized `google.rpc.Status`. */
  readonly extraInfo?: Uint8Array;
}

const CODE_HEADER = 'x-arrow-status';
const MESSAGE_HEADER = 'x-arrow-status-message-bin';
const DETAIL_HEADER = 'x-arrow-status-detail-bin';
const EXTRA_HEADER = 'grpc-status-details-bin';
/** Clients refuse more than some 8 KiB of trailers, and `grpc-message` holds the text already. */
const MESSAGE_BYTES_MAX = 2048;

const codeNames = new Map<number, ArrowStatusCode>(
  Object.entries(codes).map(([name, code]) => [code, name as ArrowStatusCode]),
);

/** What a gRPC status is in Arrow's terms. Where both have a name for it, C++ clients take the same without being told. */
const fromGrpc: Readonly<Record<number, ArrowStatusCode>> = {
  [Status.CANCELLED]: 'Cancelled',
  [Status.UNKNOWN]: 'UnknownError',
  [Status.INVALID_ARGUMENT]: 'Invalid',
  [Status.DEADLINE_EXCEEDED]: 'IOError',
  [Status.NOT_FOUND]: 'KeyError',
  [Status.ALREADY_EXISTS]: 'AlreadyExists',
  [Status.PERMISSION_DENIED]: 'IOError',
  [Status.RESOURCE_EXHAUSTED]: 'CapacityError',
  [Status.FAILED_PRECONDITION]: 'Invalid',
  [Status.ABORTED]: 'IOError',
  [Status.OUT_OF_RANGE]: 'IndexError',
  [Status.UNIMPLEMENTED]: 'NotImplemented',
  [Status.INTERNAL]: 'IOError',
  [Status.UNAVAILABLE]: 'IOError',
  [Status.DATA_LOSS]: 'IOError',
  [Status.UNAUTHENTICATED]: 'IOError',
};

const toGrpc: Readonly<Record<ArrowStatusCode, number>> = {
  OutOfMemory: Status.RESOURCE_EXHAUSTED,
  KeyError: Status.NOT_FOUND,
  TypeError: Status.INVALID_ARGUMENT,
  Invalid: Status.INVALID_ARGUMENT,
  IOError: Status.UNKNOWN,
  CapacityError: Status.RESOURCE_EXHAUSTED,
  IndexError: Status.OUT_OF_RANGE,
  Cancelled: Status.CANCELLED,
  UnknownError: Status.UNKNOWN,
  NotImplemented: Status.UNIMPLEMENTED,
  SerializationError: Status.INVALID_ARGUMENT,
  AlreadyExists: Status.ALREADY_EXISTS,
};

/** An error by Arrow's name for it: `arrowError({code: 'TypeError', message: '…'})` is a TypeError in pyarrow too. */
export function arrowError({ code, message, detail, extraInfo }: ArrowStatus): GrpcError {
  const metadata = new Metadata({ [CODE_HEADER]: String(codes[code]) });
  if (detail !== undefined) metadata.set(DETAIL_HEADER, Buffer.from(detail));
  if (extraInfo !== undefined) metadata.set(EXTRA_HEADER, extraInfo);
  return new GrpcError(toGrpc[code], message, metadata);
}

/** What the server said of an error in Arrow's own headers; undefined where it sent none. */
export function arrowStatusOf(error: GrpcError): ArrowStatus | undefined {
  const { metadata } = error;
  const code = codeNames.get(Number(metadata?.get(CODE_HEADER)));
  if (!metadata || !code) return undefined;
  const detail = textOf(metadata.getBinary(DETAIL_HEADER));
  const extraInfo = metadata.getBinary(EXTRA_HEADER);
  return {
    code,
    message: textOf(metadata.getBinary(MESSAGE_HEADER)) ?? error.details,
    ...(detail !== undefined && { detail }),
    ...(extraInfo && { extraInfo }),
  };
}

/**
 * The trailers that tell C++ clients (pyarrow's among them) of an error in Arrow's terms, beside what the error brings
 * itself. They are those of `ToGrpcStatus` in Arrow C++.
 */
export function arrowStatusTrailers(error: GrpcError): Metadata {
  const trailers = new Metadata();
  if (!error.metadata?.has(CODE_HEADER)) {
    trailers.set(CODE_HEADER, String(codes[fromGrpc[error.code] ?? 'UnknownError']));
  }
  const message = Buffer.from(error.details);
  if (message.length <= MESSAGE_BYTES_MAX && !error.metadata?.has(MESSAGE_HEADER))
    trailers.set(MESSAGE_HEADER, message);
  return trailers;
}

/**
 * An error as a client should see it: C++ servers send UNKNOWN for much that Arrow's own status has a name for (an
 * IndexError, say), and then that name decides.
 */
export function withArrowCode(error: GrpcError): GrpcError {
  if (error.code !== Status.UNKNOWN) return error;
  const status = arrowStatusOf(error);
  const code = status && toGrpc[status.code];
  return code === undefined || code === Status.UNKNOWN
    ? error
    : new GrpcError(code, error.details, error.metadata, { cause: error.cause });
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString();
}
