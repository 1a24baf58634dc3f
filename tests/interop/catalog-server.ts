import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  type Catalog,
  createCatalog,
  createMemoryPointers,
  createRestCatalogClient,
  createRestCatalogRoutes,
} from '@signaldb/iceberg';
import { createLocalStore, type ObjectStore } from '@signaldb/object-store';

/** The catalog's REST routes on a port of this machine, with tables in a folder. */
export interface CatalogServer {
  readonly uri: string;
  readonly store: ObjectStore;
  /** A client of it; the namespace `default` is there. */
  readonly catalog: Catalog;
  close(): Promise<void>;
}

export async function serveCatalog(folder: string): Promise<CatalogServer> {
  const store = await createLocalStore({ dir: join(folder, 'warehouse') });
  const routes = createRestCatalogRoutes(createCatalog({ store, pointers: createMemoryPointers() }));
  const server = createServer(async (request, response) => {
    const { method = 'GET', headers } = request;
    const url = new URL(request.url ?? '/', 'http://localhost');
    const answer = await routes({
      method,
      path: url.pathname,
      query: url.searchParams,
      headers,
      body: await text(request),
    });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const catalog = createRestCatalogClient({ uri });
  await catalog.createNamespace('default');
  return {
    uri,
    store,
    catalog,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
    },
  };
}
