import type { AddressInfo } from 'node:net';
import { type Catalog, createRestCatalogRoutes } from '@signaldb/iceberg';
import type { Logger } from '@signaldb/runtime';
import fastify, { type FastifyInstance } from 'fastify';

export interface CatalogServerOptions {
  readonly catalog: Catalog;
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
  const { catalog, host, port, requestBytesMax, logger } = options;
  const routes = createRestCatalogRoutes(catalog);
  const server: FastifyInstance = fastify({
    bodyLimit: requestBytesMax,
    requestTimeout: 60_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
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
  server.all('/*', async (request, reply) => {
    const [path = '/', query = ''] = request.url.split(/\?(.*)/s, 2);
    const body = typeof request.body === 'string' ? request.body : '';
    const { method, headers } = request;
    const response = await routes({ method, path, query: new URLSearchParams(query), headers, body });
    return reply.code(response.status).headers(response.headers).send(response.body);
  });
  await server.listen({ host, port });
  return { port: (server.server.address() as AddressInfo).port, close: () => server.close() };
}
