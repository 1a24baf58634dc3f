import { withCallHeaders } from './client/call-headers.ts';
import type { FlightClient } from './client.ts';
import { type AskedCompression, COMPRESSION_HEADER } from './compression-header.ts';
import { InprocClient } from './inproc/inproc-client.ts';
import { type InprocNetwork, LocalNetwork } from './inproc/inproc-network.ts';
import { parseLocation } from './location.ts';
import { type ChannelSettings, createChannel } from './network/grpc-channel.ts';
import { type GrpcClientSettings, GrpcFlightClient } from './network/grpc-client.ts';
import { Http2Link } from './network/http2-link.ts';

export interface ConnectOptions extends ChannelSettings, GrpcClientSettings {
  /** Where `inproc://` names are looked up. */
  readonly inproc?: InprocNetwork | undefined;
  /** Headers of every call; a call's own win. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A bearer token to send with every call. */
  readonly bearer?: string;
  /** How the server is asked to compress its answers. Absent: as it likes. */
  readonly answerCompression?: AskedCompression;
  /**
   * Called now and then while batches are received, so that their memory can be had again early: `youngGarbageCollector()` of
   * `@signaldb/grpc`. Halves the CPU of a client that receives a lot.
   */
  readonly collectGarbage?: () => void;
}

/**
 * A client for a location: `inproc://name`, `grpc://host:port`, `grpc+tcp://…`, `grpc+tls://…`, `grpc+unix:///path`.
 * Nothing is dialled before the first call; a broken connection is dialled again by the next one.
 * Throws a TypeError where the location can't be understood.
 */
export function connectFlight(location: string, options: ConnectOptions = {}): FlightClient {
  const { headers, bearer, answerCompression } = options;
  const client = connect(location, options);
  if (!headers && bearer === undefined && !answerCompression) return client;
  return withCallHeaders(client, {
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(answerCompression && { [COMPRESSION_HEADER]: answerCompression }),
    ...headers,
  });
}

function connect(location: string, options: ConnectOptions): FlightClient {
  const parsed = parseLocation(location);
  if (parsed.transport === 'grpc') {
    const { target, tls } = parsed;
    return new GrpcFlightClient(location, createChannel(target, tls, options), linkTo(target, tls, options), options);
  }
  if (!(options.inproc instanceof LocalNetwork)) {
    throw new TypeError(`location "${location}" needs the in-process network that serves it`);
  }
  return new InprocClient(options.inproc, parsed.name);
}

/** The faster way for batches, which knows nothing of proxies and of @grpc/grpc-js's own options: those keep everything with it. */
function linkTo(target: string, tls: boolean, options: ConnectOptions): Http2Link | undefined {
  if (options.channelOptions || proxyVariables.some((name) => process.env[name])) return undefined;
  const { keepAliveMs, collectGarbage } = options;
  return new Http2Link({ target, tls: tls ? (options.tls ?? {}) : undefined, keepAliveMs, collectGarbage });
}

const proxyVariables = ['grpc_proxy', 'https_proxy', 'http_proxy'];
