import {
  ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  type ServiceError,
  Metadata as WireMetadata,
} from '@grpc/grpc-js';
import { GrpcError, Metadata } from '@signaldb/grpc';
import { withArrowCode } from '../arrow-status.ts';
import type { CallOptions } from '../client.ts';

export interface ClientTls {
  /** Certificates to trust, PEM; the system's where absent. */
  readonly ca?: Uint8Array | string;
  /** The client's own certificate and key, PEM, for servers that ask for one. */
  readonly cert?: Uint8Array | string;
  readonly key?: Uint8Array | string;
  /** The name to look for in the server's certificate, where it isn't the location's host. */
  readonly serverName?: string;
}

export interface ChannelSettings {
  readonly tls?: ClientTls;
  /** Options of @grpc/grpc-js beside those set here. */
  readonly channelOptions?: ChannelOptions;
  /** Bytes of one message received; unlimited where absent. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Pings the server this often while a call is under way, and breaks the connection where no answer comes for as long: a
   * peer that vanished without a word is noticed. Absent: never; servers of other makes may take pings for an attack.
   */
  readonly keepAliveMs?: number;
}

const WINDOW_BYTES = 8 << 20;
/** A server that comes back is found again within a second, however long it was away. */
const RECONNECT_MS = { first: 100, max: 1000 };

export function createChannel(target: string, tls: boolean, settings: ChannelSettings): Client {
  const serverName = settings.tls?.serverName;
  const { keepAliveMs } = settings;
  return new Client(target, tls ? tlsCredentials(settings.tls ?? {}) : credentials.createInsecure(), {
    'grpc.max_receive_message_length': settings.maxMessageBytes ?? -1,
    'grpc.max_send_message_length': -1,
    'grpc-node.flow_control_window': WINDOW_BYTES,
    // A retry would keep every message sent, and no call here may be repeated unasked.
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': RECONNECT_MS.first,
    'grpc.max_reconnect_backoff_ms': RECONNECT_MS.max,
    ...(keepAliveMs !== undefined && {
      'grpc.keepalive_time_ms': keepAliveMs,
      'grpc.keepalive_timeout_ms': keepAliveMs,
    }),
    ...(serverName && { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }),
    ...settings.channelOptions,
  });
}

function tlsCredentials({ ca, cert, key }: ClientTls): ChannelCredentials {
  return ChannelCredentials.createSsl(pem(ca), pem(key), pem(cert));
}

function pem(text: Uint8Array | string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text as string);
}

export function metadataToWire(values: CallOptions['metadata']): WireMetadata {
  const wire = new WireMetadata();
  for (const [key, value] of Object.entries(values ?? {})) {
    wire.set(key, key.toLowerCase().endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return wire;
}

export function metadataFromWire(wire: WireMetadata): Metadata {
  const metadata = new Metadata();
  for (const key of Object.keys(wire.getMap())) {
    for (const value of wire.get(key)) metadata.append(key, value);
  }
  return metadata;
}

/** gRPC's client errors as this package's own. */
export function fromServiceError(error: ServiceError | Error): GrpcError {
  if (error instanceof GrpcError) return error;
  const { code, details, metadata } = error as ServiceError;
  const own = metadata && metadataFromWire(metadata);
  return withArrowCode(new GrpcError(code ?? 2, details ?? error.message, own, { cause: error }));
}
