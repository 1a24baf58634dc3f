import type { Catalog, LoadTableResult } from './catalog.ts';
import { CatalogError, isCatalogError } from './catalog-error.ts';
import { stringifyJson } from './json.ts';
import { errorOfAnswer, parseBody, parseLoadTableResult } from './rest-json.ts';
import type { Properties } from './table-metadata.ts';

export interface RestCatalogClientOptions {
  /** Where `/v1` begins: `http://flowctl:8181`. */
  readonly uri: string;
  /** Of the paths behind `/v1`, where the catalog asks for one. */
  readonly prefix?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
  /** Of one call. Default 20 s. */
  readonly timeoutMs?: number;
  /** Tables whose last metadata is kept, so that only changed ones are sent again. Default 64. */
  readonly tablesKeptMax?: number;
}

/**
 * A catalog behind the REST protocol. Besides what the catalog answers, calls throw ServiceUnavailableException when it
 * can't be reached, and `commitTable` CommitStateUnknownException when its answer was lost.
 */
export function createRestCatalogClient(options: RestCatalogClientOptions): Catalog {
  const call = caller(options);
  const namespacePath = (namespace: string) => `namespaces/${encodeURIComponent(namespace)}`;
  const tablePath = (namespace: string, table: string) =>
    `${namespacePath(namespace)}/tables/${encodeURIComponent(table)}`;
  const identifier = (id: { namespace: string; name: string }) => ({ namespace: [id.namespace], name: id.name });
  const json = async <T>(...args: Parameters<typeof call>) => parseBody((await call(...args)).text) as T;
  const table = async (...args: Parameters<typeof call>): Promise<LoadTableResult> =>
    parseLoadTableResult((await call(...args)).text);
  const kept = keepTables(options.tablesKeptMax ?? 64);

  return {
    config: async () => json('GET', 'config'),
    async listNamespaces() {
      const pages = await allPages<{ namespaces: string[][] }>('namespaces', json);
      return pages.flatMap(({ namespaces }) => namespaces.map((levels) => levels.join('.')));
    },
    async createNamespace(namespace, properties = {}) {
      const body = { namespace: [namespace], properties };
      return (await json<{ properties?: Properties }>('POST', 'namespaces', body)).properties ?? {};
    },
    async loadNamespace(namespace) {
      return (await json<{ properties?: Properties }>('GET', namespacePath(namespace))).properties ?? {};
    },
    namespaceExists: (namespace) => exists(call('HEAD', namespacePath(namespace))),
    dropNamespace: async (namespace) => void (await call('DELETE', namespacePath(namespace))),
    updateNamespaceProperties: (namespace, update) => json('POST', `${namespacePath(namespace)}/properties`, update),
    async listTables(namespace) {
      const pages = await allPages<{ identifiers: { name: string }[] }>(`${namespacePath(namespace)}/tables`, json);
      return pages.flatMap(({ identifiers }) => identifiers.map(({ name }) => name));
    },
    async loadTable(namespace, name) {
      const path = tablePath(namespace, name);
      const known = kept.get(path);
      const answer = await call('GET', path, undefined, known?.etag);
      if (answer.status === 304 && known) return known.table;
      const loaded = parseLoadTableResult(answer.text);
      if (answer.etag) kept.set(path, { etag: answer.etag, table: loaded });
      return loaded;
    },
    createTable: (namespace, request) => table('POST', `${namespacePath(namespace)}/tables`, request),
    async commitTable(namespace, name, request) {
      const id = identifier({ namespace, name });
      try {
        return await table('POST', tablePath(namespace, name), { identifier: id, ...request });
      } catch (error) {
        throw asCommitError(error);
      }
    },
    dropTable: async (namespace, name, drop) =>
      void (await call('DELETE', `${tablePath(namespace, name)}?purgeRequested=${drop?.purge ?? false}`)),
    tableExists: (namespace, name) => exists(call('HEAD', tablePath(namespace, name))),
    renameTable: async (from, to) =>
      void (await call('POST', 'tables/rename', { source: identifier(from), destination: identifier(to) })),
    registerTable: (namespace, name, location) =>
      table('POST', `${namespacePath(namespace)}/register`, { name, 'metadata-location': location }),
    async commitTransaction(commits) {
      const changes = commits.map(({ identifier: id, ...commit }) => ({ identifier: identifier(id), ...commit }));
      try {
        await call('POST', 'transactions/commit', { 'table-changes': changes });
      } catch (error) {
        throw asCommitError(error);
      }
    },
  };
}

interface KeptTable {
  readonly etag: string;
  readonly table: LoadTableResult;
}

/** The tables loaded last. Metadata is never changed, so that handing out the same object again is safe. */
function keepTables(countMax: number) {
  const tables = new Map<string, KeptTable>();
  return {
    get: (path: string) => tables.get(path),
    set(path: string, table: KeptTable) {
      tables.delete(path);
      tables.set(path, table);
      for (const oldest of tables.keys()) {
        if (tables.size <= countMax) return;
        tables.delete(oldest);
      }
    },
  };
}

interface ClientAnswer {
  readonly status: number;
  readonly text: string;
  readonly etag: string | null;
}

type ClientCall = (method: string, path: string, body?: unknown, knownEtag?: string) => Promise<ClientAnswer>;

function caller(options: RestCatalogClientOptions): ClientCall {
  const { fetch: send = fetch, timeoutMs = 20_000, headers = {} } = options;
  const root = `${options.uri.replace(/\/+$/, '')}/v1`;
  return async (method, path, body, knownEtag) => {
    const prefix = options.prefix && path !== 'config' ? `/${options.prefix}` : '';
    const result = await answer(send, `${root}${prefix}/${path}`, {
      method,
      headers: {
        ...headers,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(knownEtag === undefined ? {} : { 'if-none-match': knownEtag }),
      },
      ...(body === undefined ? {} : { body: stringifyJson(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { status } = result;
    if ((status >= 200 && status < 300) || (status === 304 && knownEtag !== undefined)) return result;
    throw errorOfAnswer(status, result.text);
  };
}

async function answer(send: typeof fetch, url: string, init: RequestInit): Promise<ClientAnswer> {
  try {
    const response = await send(url, init);
    return { status: response.status, text: await response.text(), etag: response.headers.get('etag') };
  } catch (cause) {
    const reason =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : cause;
    throw new CatalogError('ServiceUnavailableException', `No answer from the catalog at ${url}: ${reason}`, { cause });
  }
}

/** A commit that wasn't clearly refused may have taken effect. */
function asCommitError(error: unknown): unknown {
  if (!(error instanceof CatalogError) || error.status < 500) return error;
  return new CatalogError('CommitStateUnknownException', error.message, { cause: error });
}

async function exists(head: Promise<unknown>): Promise<boolean> {
  try {
    await head;
    return true;
  } catch (error) {
    if (isCatalogError(error) && error.status === 404) return false;
    throw error;
  }
}

const pagesMax = 10_000;

async function allPages<T>(path: string, get: (method: string, path: string) => Promise<unknown>): Promise<T[]> {
  const pages: T[] = [];
  let token: string | null | undefined;
  do {
    const query = token ? `?pageToken=${encodeURIComponent(token)}` : '';
    const page = (await get('GET', path + query)) as T & { 'next-page-token'?: string | null };
    pages.push(page);
    token = page['next-page-token'];
  } while (token && pages.length < pagesMax);
  return pages;
}
