import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { GrpcError } from '@signaldb/grpc';

const RETRY_INFO = 'google.rpc.RetryInfo';

/**
 * When a server says that a failed call may be made again: in ms, `never` where it says never, undefined where it says
 * nothing. In the trailer `grpc-retry-pushback-ms`, or in a RetryInfo of `grpc-status-details-bin`
 * (https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto).
 */
export function retryHint({ metadata }: GrpcError): number | 'never' | undefined {
  const pushback = metadata?.get('grpc-retry-pushback-ms');
  if (pushback !== undefined) return /^\d{1,9}$/.test(pushback) ? Number(pushback) : 'never';
  const details = metadata?.getBinary('grpc-status-details-bin');
  try {
    return details && retryInfoMs(details);
  } catch {
    return undefined;
  }
}

/** google.rpc.Status has its details, each an Any, in field 3. */
function retryInfoMs(status: Uint8Array): number | undefined {
  for (const any of fields(status).get(3) ?? []) {
    const { 1: url, 2: value } = Object.fromEntries([...fields(any)].map(([number, [first]]) => [number, first]));
    if (!url || !value || !Buffer.from(url).toString().endsWith(`/${RETRY_INFO}`)) continue;
    const [delay] = fields(value).get(1) ?? [];
    return delay && durationMs(delay);
  }
  return undefined;
}

function durationMs(duration: Uint8Array): number {
  const reader = new BinaryReader(duration);
  let milliseconds = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 8) milliseconds += Number(reader.int64()) * 1000;
    else if (tag === 16) milliseconds += reader.int32() / 1_000_000;
    else reader.skip(tag & 7);
  }
  return Math.max(0, milliseconds);
}

/** The fields of a message that hold bytes, by number. */
function fields(message: Uint8Array): Map<number, Uint8Array[]> {
  const found = new Map<number, Uint8Array[]>();
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) !== 2) {
      reader.skip(tag & 7);
      continue;
    }
    const number = tag >>> 3;
    found.set(number, [...(found.get(number) ?? []), reader.bytes()]);
  }
  return found;
}
