import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Access, certificateOf, challenge, credentialHeaders } from '@signaldb/access';
import { Status } from '@signaldb/grpc';
import { encodeExportResponse, encodeStatus, type RpcStatus, type Signal } from '@signaldb/otlp';
import type { Intake } from '../intake.ts';
import type { OtlpEncoding } from '../log-record.ts';
import { Refusal, type RefusalReason } from '../refusal.ts';
import { senderTenant, tenantHeader } from '../tenant.ts';
import { corsHeaders } from './cors.ts';
import { type BodyEncoding, type BodyLimits, createBodyReader } from './http-body.ts';

export interface OtlpHttpOptions extends BodyLimits {
  readonly intake: Intake;
  readonly access: Access;
  readonly retryAfterMs: number;
  readonly corsOrigins: readonly string[];
  readonly onRefused: (reason: RefusalReason) => void;
  /** Told of what went wrong in the acceptor itself. */
  readonly onError: (error: unknown) => void;
}

const signals: Record<string, Signal> = { '/v1/traces': 'traces', '/v1/logs': 'logs', '/v1/metrics': 'metrics' };
const contentTypes: Record<string, OtlpEncoding> = {
  'application/x-protobuf': 'protobuf',
  'application/protobuf': 'protobuf',
  'application/json': 'json',
};
const bodyEncodings: readonly string[] = ['identity', 'gzip', 'deflate', 'zstd'];

/** An answer other than the one that was asked for. */
class HttpError extends Error {
  readonly httpStatus: number;
  readonly grpcStatus: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(httpStatus: number, grpcStatus: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.httpStatus = httpStatus;
    this.grpcStatus = grpcStatus;
    this.headers = headers;
  }
}

/** OTLP over HTTP/1.1 and HTTP/2: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export function createOtlpHttpHandler(options: OtlpHttpOptions): (req: IncomingMessage, res: ServerResponse) => void {
  const { intake, access, retryAfterMs, corsOrigins, onError, onRefused } = options;
  const bodies = createBodyReader(options);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cors = corsHeaders(request.headers.origin, corsOrigins);
    if (cors && request.method === 'OPTIONS') {
      send(response, 204, cors, undefined);
      return;
    }
    const encoding = contentTypes[mediaType(request.headers['content-type'])];
    try {
      const signal = signalOf(request);
      if (encoding === undefined) throw unsupportedType(request.headers['content-type']);
      const tenant = await tenantOfRequest(access, request);
      const answer = await bodies.read(request, bodyEncodingOf(request), async (body) => {
        const { rejected } = await intake.otlp(tenant, signal, body, encoding);
        return encodeExportResponse(signal, encoding, rejected);
      });
      send(response, 200, { ...cors, 'content-type': contentTypeOf(encoding) }, answer);
    } catch (error) {
      if (response.destroyed || request.errored) return; // the client has gone
      sendError(request, response, error, encoding ?? 'json', cors);
    }
  }

  function sendError(
    request: IncomingMessage,
    response: ServerResponse,
    error: unknown,
    encoding: OtlpEncoding,
    cors: Record<string, string> | undefined,
  ): void {
    const { httpStatus, headers, status } = describe(error);
    const body = encodeStatus(status, encoding);
    const all = { ...cors, ...headers, 'content-type': contentTypeOf(encoding) };
    if (request.complete) {
      send(response, httpStatus, all, body);
      return;
    }
    // The rest of the body isn't wanted: HTTP/1.1 has no way to say so but to close.
    const http1 = request.httpVersionMajor === 1;
    send(response, httpStatus, http1 ? { ...all, connection: 'close' } : all, body);
    request.resume();
    setTimeout(() => request.destroy(), lingerMs).unref();
  }

  function describe(error: unknown): { httpStatus: number; headers: Record<string, string>; status: RpcStatus } {
    if (error instanceof HttpError) {
      const status = { code: error.grpcStatus, message: error.message };
      return { httpStatus: error.httpStatus, headers: { ...error.headers }, status };
    }
    if (error instanceof Refusal) {
      onRefused(error.reason);
      const status = { code: error.grpcStatus, message: error.message };
      if (!error.again) {
        const headers: Record<string, string> = error.httpStatus === 401 ? { 'www-authenticate': challenge } : {};
        return { httpStatus: error.httpStatus, headers, status };
      }
      const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1000)));
      return {
        httpStatus: error.httpStatus,
        headers: { 'retry-after': seconds },
        status: { ...status, retryDelayMs: retryAfterMs },
      };
    }
    onError(error);
    return { httpStatus: 500, headers: {}, status: { code: Status.INTERNAL, message: 'the acceptor failed' } };
  }

  return (request, response) => {
    response.on('error', () => {}); // the client has gone
    handle(request, response).catch((error) => {
      onError(error);
      response.destroy();
    });
  };
}

/** How long a client may go on sending what was refused already. */
const lingerMs = 1000;

function signalOf(request: IncomingMessage): Signal {
  const path = (request.url ?? '').split('?', 1)[0]!;
  const signal = signals[path];
  if (signal === undefined) {
    const known = Object.keys(signals).join(', ');
    throw new HttpError(404, Status.NOT_FOUND, `nothing is served at ${path.slice(0, 200)}; there is ${known}`);
  }
  if (request.method !== 'POST') {
    throw new HttpError(405, Status.UNIMPLEMENTED, `${path} takes POST requests`, { allow: 'POST' });
  }
  return signal;
}

function tenantOfRequest(access: Access, request: IncomingMessage): Promise<string> {
  const header = request.headers[tenantHeader];
  const text = Array.isArray(header) ? header.join(',') : header;
  return senderTenant(access, credentialHeaders(request.headers), text, certificateOf(request.socket));
}

function bodyEncodingOf(request: IncomingMessage): BodyEncoding {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase() || 'identity';
  if (bodyEncodings.includes(encoding)) return encoding as BodyEncoding;
  throw new HttpError(
    415,
    Status.INVALID_ARGUMENT,
    `the content encoding ${JSON.stringify(encoding.slice(0, 100))} isn't known; there are gzip, deflate and zstd`,
    { 'accept-encoding': 'gzip, deflate, zstd' },
  );
}

function unsupportedType(contentType: string | undefined): HttpError {
  const got = contentType === undefined ? 'there is none' : `not ${JSON.stringify(contentType.slice(0, 100))}`;
  return new HttpError(
    415,
    Status.INVALID_ARGUMENT,
    `the content type has to be application/x-protobuf or application/json, ${got}`,
  );
}

function mediaType(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

function contentTypeOf(encoding: OtlpEncoding): string {
  return encoding === 'json' ? 'application/json' : 'application/x-protobuf';
}

function send(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: Uint8Array | undefined,
): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { ...headers, 'content-length': String(body?.length ?? 0) });
  response.end(body);
}
