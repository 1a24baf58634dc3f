import {
  FlightDescriptor_DescriptorType as DescriptorType,
  type FlightDescriptor as WireDescriptor,
  FlightDescriptor as WireDescriptorCodec,
  type FlightEndpoint as WireEndpoint,
  type FlightInfo as WireInfo,
  type PollInfo as WirePollInfo,
} from '@signaldb/proto/arrow/flight/protocol/flight';
import type { FlightDescriptor } from '../descriptor.ts';
import type { FlightEndpoint, FlightInfo, PollInfo } from '../flight-info.ts';
import { malformed } from '../ipc/ipc-error.ts';
import { decodeSchemaBytes, encodeSchemaBytes } from '../ipc/schema-bytes.ts';

const EMPTY = Buffer.alloc(0);

export function descriptorToWire(descriptor: FlightDescriptor): WireDescriptor {
  return descriptor.path
    ? { type: DescriptorType.PATH, cmd: EMPTY, path: [...descriptor.path] }
    : { type: DescriptorType.CMD, cmd: asBuffer(descriptor.command), path: [] };
}

/** A descriptor without a type is taken for what it holds. */
export function descriptorFromWire(wire: WireDescriptor): FlightDescriptor {
  if (wire.type === DescriptorType.PATH) return { path: wire.path };
  if (wire.type === DescriptorType.CMD) return { command: wire.cmd };
  if (wire.type === DescriptorType.UNKNOWN) return wire.path.length > 0 ? { path: wire.path } : { command: wire.cmd };
  throw malformed(`unknown type of flight descriptor: ${wire.type}`);
}

export function encodeDescriptor(descriptor: FlightDescriptor): Uint8Array {
  return WireDescriptorCodec.encode(descriptorToWire(descriptor)).finish();
}

export function decodeDescriptor(bytes: Uint8Array): FlightDescriptor {
  try {
    return descriptorFromWire(WireDescriptorCodec.decode(bytes));
  } catch (error) {
    throw malformed(`the flight descriptor can't be decoded: ${(error as Error).message}`);
  }
}

export function endpointToWire(endpoint: FlightEndpoint): WireEndpoint {
  return {
    ticket: { ticket: asBuffer(endpoint.ticket) },
    location: endpoint.locations.map((uri) => ({ uri })),
    expirationTime: endpoint.expirationTime && timestampToWire(endpoint.expirationTime),
    appMetadata: asBuffer(endpoint.appMetadata),
  };
}

export function endpointFromWire(wire: WireEndpoint): FlightEndpoint {
  return {
    ticket: wire.ticket?.ticket ?? EMPTY,
    locations: wire.location.map(({ uri }) => uri),
    ...(wire.expirationTime && { expirationTime: timestampFromWire(wire.expirationTime) }),
    ...(wire.appMetadata.length > 0 && { appMetadata: wire.appMetadata }),
  };
}

export function flightInfoToWire(info: FlightInfo): WireInfo {
  return {
    schema: info.schema ? asBuffer(encodeSchemaBytes(info.schema)) : EMPTY,
    flightDescriptor: info.descriptor && descriptorToWire(info.descriptor),
    endpoint: info.endpoints.map(endpointToWire),
    totalRecords: BigInt(info.totalRecords),
    totalBytes: BigInt(info.totalBytes),
    ordered: info.ordered,
    appMetadata: asBuffer(info.appMetadata),
  };
}

export function flightInfoFromWire(wire: WireInfo): FlightInfo {
  return {
    ...(wire.schema.length > 0 && { schema: decodeSchemaBytes(wire.schema) }),
    ...(wire.flightDescriptor && { descriptor: descriptorFromWire(wire.flightDescriptor) }),
    endpoints: wire.endpoint.map(endpointFromWire),
    totalRecords: Number(wire.totalRecords),
    totalBytes: Number(wire.totalBytes),
    ordered: wire.ordered,
    ...(wire.appMetadata.length > 0 && { appMetadata: wire.appMetadata }),
  };
}

export function pollInfoToWire(poll: PollInfo): WirePollInfo {
  return {
    info: poll.info && flightInfoToWire(poll.info),
    flightDescriptor: poll.descriptor && descriptorToWire(poll.descriptor),
    progress: poll.progress,
    expirationTime: poll.expirationTime && timestampToWire(poll.expirationTime),
  };
}

export function pollInfoFromWire(wire: WirePollInfo): PollInfo {
  return {
    ...(wire.info && { info: flightInfoFromWire(wire.info) }),
    ...(wire.flightDescriptor && { descriptor: descriptorFromWire(wire.flightDescriptor) }),
    ...(wire.progress !== undefined && { progress: wire.progress }),
    ...(wire.expirationTime && { expirationTime: timestampFromWire(wire.expirationTime) }),
  };
}

function timestampToWire(time: Date): { seconds: bigint; nanos: number } {
  const milliseconds = time.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds: BigInt(seconds), nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}

function timestampFromWire(wire: { seconds: bigint; nanos: number }): Date {
  return new Date(Number(wire.seconds) * 1000 + Math.floor(wire.nanos / 1_000_000));
}

function asBuffer(bytes: Uint8Array | undefined): Buffer {
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : EMPTY;
}
