import type { Catalog, CommitRequest, LoadTableResult, TableIdentifier } from './catalog.ts';
import { CatalogError } from './catalog-error.ts';
import { stringifyJson } from './json.ts';
import { errorBody, parseBody } from './rest-json.ts';
import {
  expectArray,
  expectCommit,
  expectCreateTable,
  expectIdentifier,
  expectObject,
  expectText,
  expectTextMap,
} from './rest-requests.ts';

export interface RestRequest {
  readonly method: string;
  /** As it came, percent-encoded, from `/v1` on, without the query. */
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  /** Names in lower case, as Node gives them. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** Text, as it came: 64-bit ids don't survive JSON.parse. */
  readonly body?: string | undefined;
}

export interface RestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for 204, 304 and answers to HEAD. */
  readonly body: string;
}

/** What a route works on. */
interface Call {
  readonly catalog: Catalog;
  readonly namespace: string;
  readonly table: string;
  readonly query: URLSearchParams;
  /** What the client has of the table already. */
  readonly knownEtag: string | undefined;
  readonly body: () => Record<string, unknown>;
}

interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Route = (call: Call) => Promise<Answer>;

const noContent: Answer = { status: 204 };

/** A table, with a tag of its version: whoever has that version needn't be sent it again. */
function tableAnswer(table: LoadTableResult, knownEtag?: string): Answer {
  const location = table['metadata-location'];
  if (location === undefined) return { json: table };
  const etag = `"${location.slice(location.lastIndexOf('/') + 1)}"`;
  return etag === knownEtag ? { status: 304, headers: { etag } } : { json: table, headers: { etag } };
}

/** Routes by what clients are told of them (`endpoints` of the configuration). `{prefix}` is always empty here. */
const routes: Readonly<Record<string, Route>> = {
  'GET /v1/config': async ({ catalog }) => {
    const endpoints = Object.keys(routes).filter((endpoint) => endpoint !== 'GET /v1/config');
    return { json: { ...(await catalog.config()), endpoints } };
  },
  'GET /v1/{prefix}/namespaces': async ({ catalog, query }) => {
    if (query.get('parent')) {
      await catalog.loadNamespace(singleLevel(query.get('parent')!));
      return { json: { namespaces: [] } };
    }
    const { names, next } = page(await catalog.listNamespaces(), query);
    return { json: { namespaces: names.map((name) => [name]), ...next } };
  },
  'POST /v1/{prefix}/namespaces': async ({ catalog, body }) => {
    const { namespace, properties } = body();
    const name = namespaceOf(namespace);
    return {
      json: { namespace: [name], properties: await catalog.createNamespace(name, expectTextMap(properties ?? {})) },
    };
  },
  'GET /v1/{prefix}/namespaces/{namespace}': async ({ catalog, namespace }) => ({
    json: { namespace: [namespace], properties: await catalog.loadNamespace(namespace) },
  }),
  'HEAD /v1/{prefix}/namespaces/{namespace}': async ({ catalog, namespace }) => {
    await catalog.loadNamespace(namespace);
    return noContent;
  },
  'DELETE /v1/{prefix}/namespaces/{namespace}': async ({ catalog, namespace }) => {
    await catalog.dropNamespace(namespace);
    return noContent;
  },
  'POST /v1/{prefix}/namespaces/{namespace}/properties': async ({ catalog, namespace, body }) => {
    const { removals, updates } = body();
    const change = { removals: expectArray(removals ?? []).map(expectText), updates: expectTextMap(updates ?? {}) };
    return { json: await catalog.updateNamespaceProperties(namespace, change) };
  },
  'GET /v1/{prefix}/namespaces/{namespace}/tables': async ({ catalog, namespace, query }) => {
    const { names, next } = page(await catalog.listTables(namespace), query);
    return { json: { identifiers: names.map((name) => ({ namespace: [namespace], name })), ...next } };
  },
  'POST /v1/{prefix}/namespaces/{namespace}/tables': async ({ catalog, namespace, body }) =>
    tableAnswer(await catalog.createTable(namespace, expectCreateTable(body()))),
  'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}': async ({ catalog, namespace, table, knownEtag }) =>
    tableAnswer(await catalog.loadTable(namespace, table), knownEtag),
  'HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}': async ({ catalog, namespace, table }) => {
    if (await catalog.tableExists(namespace, table)) return noContent;
    throw new CatalogError('NoSuchTableException', `Table does not exist: ${namespace}.${table}`);
  },
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}': async ({ catalog, namespace, table, body }) =>
    tableAnswer(await catalog.commitTable(namespace, table, expectCommit(body()))),
  'DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}': async ({ catalog, namespace, table, query }) => {
    await catalog.dropTable(namespace, table, { purge: query.get('purgeRequested')?.toLowerCase() === 'true' });
    return noContent;
  },
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics': async ({ body }) => {
    expectText(body()['report-type']);
    return noContent;
  },
  'POST /v1/{prefix}/namespaces/{namespace}/register': async ({ catalog, namespace, body }) => {
    const { name, 'metadata-location': location } = body();
    return tableAnswer(await catalog.registerTable(namespace, expectText(name), expectText(location)));
  },
  'POST /v1/{prefix}/tables/rename': async ({ catalog, body }) => {
    const { source, destination } = body();
    await catalog.renameTable(identifierOf(source), identifierOf(destination));
    return noContent;
  },
  'POST /v1/{prefix}/transactions/commit': async ({ catalog, body }) => {
    const changes = expectArray(body()['table-changes']).map((change) => {
      const commit: CommitRequest = expectCommit(expectObject(change));
      return { identifier: identifierOf(expectObject(change).identifier), ...commit };
    });
    await catalog.commitTransaction(changes);
    return noContent;
  },
};

/** The Iceberg REST protocol over a catalog, for any HTTP server. Never rejects: what goes wrong is an answer. */
export function createRestCatalogRoutes(catalog: Catalog): (request: RestRequest) => Promise<RestResponse> {
  const table = Object.entries(routes).map(([endpoint, route]) => compileRoute(endpoint, route));
  return async (request) => {
    try {
      for (const { method, pattern, route } of table) {
        const match = method === request.method ? pattern.exec(request.path) : null;
        if (match) return respond(request, await route(callOf(catalog, request, match.groups ?? {})));
      }
      throw new CatalogError('NoSuchEndpointException', `No such endpoint: ${request.method} ${request.path}`);
    } catch (error) {
      const failure = asCatalogError(error);
      return respond(request, { status: failure.status, json: errorBody(failure) });
    }
  };
}

function compileRoute(endpoint: string, route: Route) {
  const [method, path] = endpoint.split(' ') as [string, string];
  const pattern = path.replace('/{prefix}', '').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  return { method, pattern: new RegExp(`^${pattern}/?$`), route };
}

function callOf(catalog: Catalog, request: RestRequest, names: Readonly<Record<string, string>>): Call {
  return {
    catalog,
    namespace: names.namespace === undefined ? '' : singleLevel(decode(names.namespace)),
    table: names.table === undefined ? '' : decode(names.table),
    query: request.query ?? new URLSearchParams(),
    knownEtag: request.headers?.['if-none-match']?.toString().replace(/^W\//, ''),
    body: () => parseBody(request.body ?? ''),
  };
}

function respond({ method }: RestRequest, { status = 200, json, headers = {} }: Answer): RestResponse {
  if (json === undefined || method === 'HEAD') return { status, headers, body: '' };
  return { status, headers: { ...headers, 'content-type': 'application/json' }, body: stringifyJson(json) };
}

function asCatalogError(error: unknown): CatalogError {
  if (error instanceof CatalogError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CatalogError('InternalServerError', message, { cause: error });
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new CatalogError('BadRequestException', `Not percent-encoded UTF-8: ${part}`);
  }
}

/** Levels of a namespace are put together with this in paths. */
const levelSeparator = '\x1f';

function singleLevel(namespace: string): string {
  if (!namespace.includes(levelSeparator)) return namespace;
  const shown = namespace.replaceAll(levelSeparator, '.');
  throw new CatalogError('NoSuchNamespaceException', `Namespace does not exist: ${shown} (namespaces have one level)`);
}

function namespaceOf(levels: unknown): string {
  const [name, ...more] = expectArray(levels).map(expectText);
  if (name !== undefined && more.length === 0) return name;
  throw new CatalogError('BadRequestException', 'A namespace has exactly one level');
}

function identifierOf(value: unknown): TableIdentifier {
  const { namespace, name } = expectIdentifier(value);
  return { namespace: singleLevel(namespace.join(levelSeparator)), name };
}

/** One page of sorted names: those behind `pageToken`, `pageSize` of them. */
function page(all: readonly string[], query: URLSearchParams): { names: readonly string[]; next: object } {
  const size = Number(query.get('pageSize') ?? Number.POSITIVE_INFINITY);
  const after = query.get('pageToken') ?? '';
  const rest = all.filter((name) => name > after).sort();
  const names = size >= 1 ? rest.slice(0, size) : rest;
  return { names, next: names.length < rest.length ? { 'next-page-token': names.at(-1) } : {} };
}
