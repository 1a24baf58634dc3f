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
    super(reason === 'LIMIT_EXCEEDED' ? Status.RESOURCE_EXHAUSTED : Status.INVALID_ARGUMENT, shortened(message));
    this.reason = reason;
  }
}

/** Messages travel in a header of HTTP/2 (8 KiB of them are what C++ takes, a character may be 9 bytes there), and names may be endless. */
const MESSAGE_CHARACTERS_MAX = 400;
const NAME_CHARACTERS_MAX = 80;

/** A name from the wire as errors show it. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > NAME_CHARACTERS_MAX ? `${name.slice(0, NAME_CHARACTERS_MAX)}…` : name);
}

function shortened(message: string): string {
  if (message.length <= MESSAGE_CHARACTERS_MAX) return message;
  const half = MESSAGE_CHARACTERS_MAX / 2;
  return `${message.slice(0, half)} … ${message.slice(-half)}`;
}

export function malformed(message: string): IpcError {
  return new IpcError('MALFORMED', message);
}

export function unsupported(message: string): IpcError {
  return new IpcError('UNSUPPORTED', message);
}
