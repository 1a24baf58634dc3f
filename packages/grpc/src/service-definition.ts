import type { Serialized } from './message-encoder.ts';
import type { ServerCall } from './server-call.ts';

/**
 * One method of a service; what ts-proto generates for `outputServices=grpc-js` is of this shape.
 * `requestDeserialize` gets a view whose memory nobody reuses; `responseSerialize` may give parts, which are not joined.
 */
export interface MethodDefinition<Request, Response> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestDeserialize(bytes: Buffer): Request;
  /**
   * How many bytes to leave free before a message that is put together from several chunks, told from its first ones: so
   * that what lies inside it can be aligned in memory. Bytes that arrive in one chunk stay where they are.
   */
  readonly requestPadding?: ((head: Uint8Array) => number) | undefined;
  responseSerialize(response: Response): Serialized;
}

// biome-ignore lint/suspicious/noExplicitAny: methods of every request and response type; only `any` is both
export type AnyMethod = MethodDefinition<any, any>;

/** A service: its methods by the names under which they are implemented. */
export type ServiceDefinition = Readonly<Record<string, AnyMethod>>;

type RequestOf<M extends AnyMethod> = ReturnType<M['requestDeserialize']>;
type ResponseOf<M extends AnyMethod> = Parameters<M['responseSerialize']>[0];

/** The function that serves a method, by the kind of call. */
export type Handler<M extends AnyMethod> = M['requestStream'] extends true
  ? M['responseStream'] extends true
    ? (requests: AsyncIterable<RequestOf<M>>, call: ServerCall) => AsyncIterable<ResponseOf<M>>
    : (requests: AsyncIterable<RequestOf<M>>, call: ServerCall) => Promise<ResponseOf<M>>
  : M['responseStream'] extends true
    ? (request: RequestOf<M>, call: ServerCall) => AsyncIterable<ResponseOf<M>>
    : (request: RequestOf<M>, call: ServerCall) => Promise<ResponseOf<M>> | ResponseOf<M>;

/** A function for each method of a service. */
export type ServiceImplementation<D extends ServiceDefinition> = { readonly [K in keyof D]: Handler<D[K]> };
