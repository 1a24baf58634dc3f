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
export async function createCatalogServer({
  catalog,
  host,
  port,
  requestBytesMax,
  logger,
}: CatalogServerOptions): Promise<CatalogServer> {
  const routes = createRestCatalogRoutes(catalog);
  const server: FastifyInstance = fastify({
    bodyLimit: requestBytesMax,
    requestTimeout: 60_000,
    forceCloseConnections: 'idle',
  });
  // Bodies are the routes' to judge, whatever their content type says.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const code = error.statusCode ?? 500;
    if (code >= 500) logger.error({ err: error }, 'catalog request failed');
    const type = code < 500 ? 'BadRequestException' : 'InternalServerError';
    return reply.code(code).send({ error: { message: error.message, type, code } });
  });
  server.all('/*', async (request, reply) => {
    const [path = '/'] = request.url.split('?', 1);
    const query = request.query as Record<string, string>;
    const body = typeof request.body === 'string' && request.body !== '' ? parseBody(request.body) : undefined;
    const response = await routes({ method: request.method, path, query, body });
    reply.code(response.status);
    return response.body === undefined
      ? reply.send()
      : reply.type('application/json').send(JSON.stringify(response.body));
  });
  await server.listen({ host, port });
  return { port: (server.server.address() as AddressInfo).port, close: () => server.close() };
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw Object.assign(new Error(`The body is not JSON: ${(error as Error).message}`), { statusCode: 400 });
  }
}
