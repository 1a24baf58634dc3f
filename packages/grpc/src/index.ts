export type { KeepAlive } from './connection.ts';
export { GrpcError } from './grpc-error.ts';
export { type Health, ServingStatus } from './health.ts';
export type { Http2Other, HttpHandler } from './http2-other.ts';
export { defaultLimits, type GrpcLimits } from './limits.ts';
export type { TlsOptions } from './listener.ts';
export type { GrpcLogger } from './logger.ts';
export { MessageDecoder } from './message-decoder.ts';
export { type Serialized, serializedBytes, writeMessage } from './message-encoder.ts';
export { Metadata, type MetadataValue } from './metadata.ts';
export type { ServiceOptions } from './method.ts';
export { percentDecode } from './percent-encoding.ts';
export { createGrpcServer, type GrpcServer, type GrpcServerOptions } from './server.ts';
export type { CallReport, Interceptor, ServerCall } from './server-call.ts';
export type {
  AnyMethod,
  Handler,
  MethodDefinition,
  ServiceDefinition,
  ServiceImplementation,
} from './service-definition.ts';
export { isStatus, Status, statusName } from './status.ts';
export { BytePacer, youngGarbageCollector } from './young-garbage.ts';
