import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { GrpcError } from './grpc-error.ts';
import type { ServerCall } from './server-call.ts';
import type { MethodDefinition } from './service-definition.ts';
import { Status } from './status.ts';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
export const ServingStatus = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;
export type ServingStatus = (typeof ServingStatus)[keyof typeof ServingStatus];

/** Which services are well, as told by `grpc.health.v1.Health`; the server as a whole is the service "". */
export interface Health {
  /** The status of a service, undefined where nobody said one. */
  get(service: string): ServingStatus | undefined;
  /** Sets a status and tells those who watch it. After the server has begun to close everything stays NOT_SERVING. */
  set(service: string, status: ServingStatus): void;
}

// Statuses are few; a client that asks for more names than this isn't asking about services.
const watchersMax = 10_000;
// The protocol's own limit.
const listMax = 100;

/** The health of one server. Specification: https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
export class HealthRegistry implements Health {
  readonly #statuses = new Map<string, ServingStatus>([['', ServingStatus.SERVING]]);
  readonly #watchers = new Set<() => void>();
  #closing = false;

  get(service: string): ServingStatus | undefined {
    return this.#statuses.get(service);
  }

  set(service: string, status: ServingStatus): void {
    this.#statuses.set(service, this.#closing ? ServingStatus.NOT_SERVING : status);
    this.#tell();
  }

  /** Nothing is served any more; those who watch are told, and their calls end. */
  close(): void {
    this.#closing = true;
    for (const service of this.#statuses.keys()) this.#statuses.set(service, ServingStatus.NOT_SERVING);
    this.#tell();
  }

  #tell(): void {
    for (const wake of [...this.#watchers]) wake();
  }

  /** The implementation of `healthService`. */
  readonly implementation = {
    check: (service: string): ServingStatus => {
      const status = this.#statuses.get(service);
      if (status === undefined) throw new GrpcError(Status.NOT_FOUND, `Service "${service}" isn't known`);
      return status;
    },
    list: (): ReadonlyMap<string, ServingStatus> => {
      if (this.#statuses.size > listMax)
        throw new GrpcError(Status.RESOURCE_EXHAUSTED, `There are more than ${listMax} services`);
      return this.#statuses;
    },
    watch: (service: string, call: ServerCall): AsyncIterable<ServingStatus> => this.#watch(service, call.signal),
  };

  async *#watch(service: string, signal: AbortSignal): AsyncGenerator<ServingStatus> {
    if (this.#watchers.size >= watchersMax)
      throw new GrpcError(Status.RESOURCE_EXHAUSTED, `There are ${watchersMax} watchers already`);
    let wake: () => void = () => {};
    const onChange = (): void => wake();
    this.#watchers.add(onChange);
    signal.addEventListener('abort', onChange);
    try {
      let told: ServingStatus | undefined;
      while (!signal.aborted) {
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const status = this.#statuses.get(service) ?? ServingStatus.SERVICE_UNKNOWN;
        if (status !== told) {
          told = status;
          yield status;
        }
        if (this.#closing) throw new GrpcError(Status.UNAVAILABLE, 'The server is closing');
        await changed;
      }
    } finally {
      this.#watchers.delete(onChange);
      signal.removeEventListener('abort', onChange);
    }
  }
}

/** `grpc.health.v1.Health`, whose messages are small enough to be written by hand. */
export const healthService = {
  check: method('Check', false, readService, writeStatus),
  list: method('List', false, () => undefined, writeStatuses),
  watch: method('Watch', true, readService, writeStatus),
};

function method<Request, Response, Stream extends boolean>(
  name: string,
  responseStream: Stream,
  requestDeserialize: (bytes: Uint8Array) => Request,
  responseSerialize: (response: Response) => Uint8Array,
): MethodDefinition<Request, Response> & { readonly requestStream: false; readonly responseStream: Stream } {
  return {
    path: `/grpc.health.v1.Health/${name}`,
    requestStream: false,
    responseStream,
    requestDeserialize,
    responseSerialize,
  };
}

function readService(bytes: Uint8Array): string {
  const reader = new BinaryReader(bytes);
  let service = '';
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1 && wireType === 2) service = reader.string();
    else reader.skip(wireType, field);
  }
  return service;
}

function writeStatus(status: ServingStatus): Uint8Array {
  return new BinaryWriter().tag(1, 0).int32(status).finish();
}

function writeStatuses(statuses: ReadonlyMap<string, ServingStatus>): Uint8Array {
  const writer = new BinaryWriter();
  for (const [service, status] of statuses) {
    writer.tag(1, 2).fork();
    writer.tag(1, 2).string(service);
    writer.tag(2, 2).bytes(writeStatus(status));
    writer.join();
  }
  return writer.finish();
}
