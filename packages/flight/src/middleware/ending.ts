import { GrpcError, Status } from '@signaldb/grpc';
import { asGrpcError } from '../call-failure.ts';
import type { StreamWatcher } from './watched-stream.ts';

/** How a call ended: its status, and what it failed with. */
export interface Ending {
  readonly code: number;
  readonly error?: GrpcError;
}

/**
 * How a call ended whose answer was streamed. A stream that was left was cancelled, and so was one that came to its end
 * because its signal said so.
 */
export function endingOf(
  how: Parameters<StreamWatcher<unknown>['over']>[0],
  { signal }: { readonly signal?: AbortSignal },
): Ending {
  if (typeof how === 'object') return failure(how.error);
  if (how === 'left') return { code: Status.CANCELLED };
  if (!signal?.aborted) return { code: Status.OK };
  return { code: signal.reason instanceof GrpcError ? signal.reason.code : Status.CANCELLED };
}

export function failure(thrown: unknown): Ending {
  const error = asGrpcError(thrown);
  return { code: error.code, error };
}
