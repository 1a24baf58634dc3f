import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { GrpcError, type GrpcServer, type MethodDefinition, type ServerCall, Status } from '@signaldb/grpc';

interface Payload {
  readonly body: Uint8Array;
}
interface Request {
  readonly payload?: Payload;
  readonly responseSize: number;
  readonly fillServerId: boolean;
  readonly responseCompressed?: { readonly value: boolean };
  readonly responseStatus?: { readonly code: number; readonly message: string };
  readonly responseParameters: readonly {
    readonly size: number;
    readonly intervalUs: number;
    readonly compressed?: { readonly value: boolean };
  }[];
}
type Response =
  | { readonly payload?: Payload; readonly serverId?: string }
  | { readonly aggregatedPayloadSize: number }
  | Record<string, never>;

/** The definitions of `grpc.testing`: a serialized google.protobuf.FileDescriptorSet. */
export function buildDescriptors(): Uint8Array {
  const root = join(import.meta.dirname, '../../..');
  const args = ['build', join(import.meta.dirname, 'proto'), '--as-file-descriptor-set', '-o', '-#format=binpb'];
  return execFileSync(join(root, 'node_modules/.bin/buf'), args, { cwd: root });
}

/**
 * Serves `grpc.testing.TestService` as gRPC's interoperability clients expect it.
 * Specification: https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
 */
export function addTestService(server: GrpcServer, descriptors: Uint8Array): void {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors));
  const service = registry.getService('grpc.testing.TestService')!;
  const definition = Object.fromEntries(
    service.methods.map((method) => [
      method.localName,
      {
        path: `/${service.typeName}/${method.name}`,
        requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
        responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
        requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes) as unknown as Request,
        responseSerialize: (response: Response) => serialize(method.output, response),
      } satisfies MethodDefinition<Request, Response>,
    ]),
  );
  server.addService(definition, {
    emptyCall,
    unaryCall,
    cacheableUnaryCall: unaryCall,
    streamingOutputCall,
    streamingInputCall,
    fullDuplexCall,
    halfDuplexCall,
  } as never);
}

function serialize(type: DescMessage, response: Response): Uint8Array {
  return toBinary(type, create(type, response as never) as MessageShape<DescMessage>);
}

function payloadOf(size: number): { payload: Payload } {
  return { payload: { $typeName: 'grpc.testing.Payload', body: new Uint8Array(size) } as Payload };
}

function emptyCall(_request: Request, call: ServerCall): Response {
  echoMetadata(call);
  return {};
}

function unaryCall(request: Request, call: ServerCall): Response {
  echoMetadata(call);
  fail(request);
  call.compress = request.responseCompressed?.value ?? false;
  return { ...payloadOf(request.responseSize), ...(request.fillServerId && { serverId: 'signaldb' }) };
}

async function* streamingOutputCall(request: Request, call: ServerCall): AsyncGenerator<Response> {
  fail(request);
  // The encoding is announced with the headers, for whichever message will be compressed.
  call.compress = request.responseParameters.some(({ compressed }) => compressed?.value);
  call.sendHeaders();
  for (const { size, intervalUs, compressed } of request.responseParameters) {
    if (intervalUs > 0) await setTimeout(intervalUs / 1000, undefined, { signal: call.signal });
    call.compress = compressed?.value ?? false;
    yield payloadOf(size);
  }
}

async function streamingInputCall(requests: AsyncIterable<Request>): Promise<Response> {
  let aggregatedPayloadSize = 0;
  for await (const { payload } of requests) aggregatedPayloadSize += payload?.body.length ?? 0;
  return { aggregatedPayloadSize };
}

async function* fullDuplexCall(requests: AsyncIterable<Request>, call: ServerCall): AsyncGenerator<Response> {
  echoMetadata(call);
  for await (const request of requests) yield* streamingOutputCall(request, call);
}

async function* halfDuplexCall(requests: AsyncIterable<Request>, call: ServerCall): AsyncGenerator<Response> {
  const all: Request[] = [];
  for await (const request of requests) all.push(request);
  for (const request of all) yield* streamingOutputCall(request, call);
}

function echoMetadata(call: ServerCall): void {
  const initial = call.metadata.get('x-grpc-test-echo-initial');
  if (initial !== undefined) call.responseHeaders.set('x-grpc-test-echo-initial', initial);
  const trailing = call.metadata.getBinary('x-grpc-test-echo-trailing-bin');
  if (trailing) call.trailers.set('x-grpc-test-echo-trailing-bin', trailing);
}

function fail({ responseStatus }: Request): void {
  if (responseStatus && responseStatus.code !== Status.OK)
    throw new GrpcError(responseStatus.code, responseStatus.message);
}
