import type { AddressInfo } from 'node:net';
import { type Access, type Account, certificateOf, challenge, credentialHeaders } from '@signaldb/access';
import { GrpcError, Status } from '@signaldb/grpc';
import { type Catalog, createRestCatalogRoutes } from '@signaldb/iceberg';
import type { Logger, TlsMaterial } from '@signaldb/runtime';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { catalogOf } from './account-catalog.ts';
import { addTokenEndpoint } from './token-endpoint.ts';

export interface CatalogServerOptions {
  readonly catalog: Catalog;
  readonly access: Access;
  readonly tls?: TlsMaterial | undefined;
  readonly host: string;
  readonly port: number;
  readonly requestBytesMax: number;
  readonly logger: Logger;
}

export interface CatalogServer {
  readonly port: number;
  close(): Promise<void>;
}

/** The Iceberg REST catalog over HTTP. */
export async function createCatalogServer(options: CatalogServerOptions): Promise<CatalogServer> {
  const { catalog, access, tls, host, port, requestBytesMax, logger } = options;
  // The whole catalog's routes are made once; those of an account are light.
  const everything = createRestCatalogRoutes(catalog);
  const routesOf = (account: Account) =>
    account.tenants === '*' && account.write ? everything : createRestCatalogRoutes(catalogOf(catalog, account));
  const server: FastifyInstance = fastify({
    bodyLimit: requestBytesMax,
    requestTimeout: 60_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    https: tls ?? null,
  });
  // Bodies are the routes' to read, as text, whatever their content type says.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const code = error.statusCode ?? 500;
    if (code >= 500) logger.error({ err: error }, 'catalog request failed');
    const type = code < 500 ? 'BadRequestException' : 'InternalServerError';
    return reply.code(code).send({ error: { message: error.message, type, code } });
  });
  addTokenEndpoint(server, access);
  server.all('/*', async (request, reply) => {
    const account = await admitted(access, request, reply);
    if (!account) return reply;
    const [path = '/', query = ''] = request.url.split(/\?(.*)/s, 2);
    const body = typeof request.body === 'string' ? request.body : '';
    const { method, headers } = request;
    const response = await routesOf(account)({ method, path, query: new URLSearchParams(query), headers, body });
    return reply.code(response.status).headers(response.headers).send(response.body);
  });
  await server.listen({ host, port });
  return { port: (server.server.address() as AddressInfo).port, close: () => server.close() };
}

/** Who asks; undefined where the refusal is sent already. */
async function admitted(access: Access, request: FastifyRequest, reply: FastifyReply): Promise<Account | undefined> {
  try {
    return await access.admit(credentialHeaders(request.headers), certificateOf(request.raw.socket));
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    const code = error.code === Status.UNAUTHENTICATED ? 401 : 503;
    const type = code === 401 ? 'NotAuthorizedException' : 'ServiceUnavailableException';
    if (code === 401) reply.header('www-authenticate', challenge);
    reply.code(code).send({ error: { message: error.details, type, code } });
    return undefined;
  }
}
