import {
  type ChannelCredentials,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { GrpcError, Status } from '@signaldb/grpc';
import type { ClusterKey } from './cluster-key.ts';

export interface ChannelOptions {
  /** `grpc://host:port` or `grpc+tls://host:port`; several, divided by commas, are tried in turn. */
  readonly address: string;
  /** PEM, for `grpc+tls`. */
  readonly tls?: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly timeoutMs: number;
  /** Calls prove that they come from a member; a registration may tell it. */
  readonly clusterKey?: ClusterKey | undefined;
}

/** Connections to the control plane's nodes, one at a time in use; calls that don't reach it move on to the next. */
export interface ControlPlaneChannel {
  unary<Req, Res>(method: MethodDefinition<Req, Res>, request: Req, timeoutMs?: number): Promise<Res>;
  /** Ends, without an error, when the signal aborts. */
  stream<Req, Res>(method: MethodDefinition<Req, Res>, request: Req, signal: AbortSignal): AsyncIterable<Res>;
  close(): void;
}

const channelOptions = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1000,
  // A node that vanished without a word is noticed within half a minute.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5_000,
};

export function openChannel({ address, tls, timeoutMs, clusterKey }: ChannelOptions): ControlPlaneChannel {
  const clients = address.split(',').map((location) => openClient(location.trim(), tls));
  let current = 0;
  const metadata = () => {
    const headers = new Metadata();
    const authorization = clusterKey?.authorization();
    if (authorization) headers.set('authorization', authorization);
    return headers;
  };

  const failed = (error: unknown): GrpcError => {
    const grpcError = toGrpcError(error);
    if (grpcError.code === Status.UNAVAILABLE) current = (current + 1) % clients.length;
    return grpcError;
  };

  return {
    unary: (method, request, deadlineMs = timeoutMs) =>
      new Promise((resolve, reject) => {
        clients[current]!.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request,
          metadata(),
          { deadline: Date.now() + deadlineMs },
          (error, response) => (error ? reject(failed(error)) : resolve(response!)),
        );
      }),
    async *stream(method, request, signal) {
      if (signal.aborted) return;
      const call = clients[current]!.makeServerStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        metadata(),
      );
      try {
        yield* readUntil(call, signal);
      } catch (error) {
        if (!signal.aborted) throw failed(error);
      } finally {
        call.cancel();
      }
    },
    close() {
      for (const client of clients) client.close();
    },
  };
}

async function* readUntil<Res>(call: ClientReadableStream<Res>, signal: AbortSignal): AsyncIterable<Res> {
  const cancel = () => call.cancel();
  signal.addEventListener('abort', cancel);
  // A cancelled call may still report that after nobody reads it any more.
  call.on('error', () => {});
  try {
    yield* call;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function openClient(location: string, tls: ChannelOptions['tls']): Client {
  const match = /^(grpc|grpc\+tcp|grpc\+tls):\/\/([^/]+)\/?$/.exec(location);
  if (!match) throw new TypeError(`"${location}" is not the location of a control plane: write grpc://host:port.`);
  const creds: ChannelCredentials =
    match[1] === 'grpc+tls'
      ? credentials.createSsl(tls?.ca ?? null, tls?.key ?? null, tls?.cert ?? null)
      : credentials.createInsecure();
  return new Client(match[2]!, creds, channelOptions);
}

function toGrpcError(error: unknown): GrpcError {
  const { code, details, message } = error as Partial<ServiceError>;
  return new GrpcError(code ?? Status.UNKNOWN, details || (message ?? String(error)), undefined, { cause: error });
}
