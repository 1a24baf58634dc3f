import { GrpcError, Status } from '@signaldb/grpc';

export type IpcErrorReason =
  /** The bytes contradict themselves or the specification. */
  | 'MALFORMED'
  /** Correct, but of a type, version or byte order that can't be held. */
  | 'UNSUPPORTED'
  /** Correct perhaps, but larger than what is allowed here. */
  | 'LIMIT_EXCEEDED';

/** What came from the wire can't be decoded. The message names what was wrong; it travels as INVALID_ARGUMENT. */
export class IpcError extends GrpcError {
  readonly reason: IpcErrorReason;

  constructor(reason: IpcErrorReason, message: string) {
    super(reason === 'LIMIT_EXCEEDED' ? Status.RESOURCE_EXHAUSTED : Status.INVALID_ARGUMENT, message);
    this.reason = reason;
  }
}

export function malformed(message: string): IpcError {
  return new IpcError('MALFORMED', message);
}

export function unsupported(message: string): IpcError {
  return new IpcError('UNSUPPORTED', message);
}
