// Tempo's HTTP API, as Grafana and people with curl use it.
import {
  type Access,
  type Account,
  certificateOf,
  challenge,
  credentialHeaders,
  tenantHeader,
  tenantsOf,
} from '@signaldb/access';
import { Trace, TraceByIDResponse } from '@signaldb/proto/tempopb/tempo';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { RouterConfig } from '../config.ts';
import type { Outcome, QuerierSource } from '../querier-pool.ts';
import { httpError } from './http-status.ts';
import { duration, logfmt, one, type QueryString, tagName, timeRange, traceId, wholeNumber } from './params.ts';
import { type SearchAnswer, search } from './search.ts';
import { scopeOf, type TagQuery, tagNames, tagValues, unscopedTag } from './tags.ts';
import { type FoundTrace, findTrace, traceBytes, traceJson } from './trace-by-id.ts';

export interface HttpApiOptions {
  readonly config: RouterConfig;
  readonly source: QuerierSource;
  readonly access: Access;
  /** Reasons for not being ready; none when ready. */
  readonly notReady: () => Promise<readonly string[]>;
  readonly metricsText: () => Promise<string>;
  readonly onError: (error: unknown, url: string) => void;
  readonly version: string;
}

/** Grafana turns features on by Tempo's version: this is the one whose API is answered. */
const tempoVersion = '2.8.0';
const protobuf = 'application/protobuf';

export function createHttpApi(options: HttpApiOptions): FastifyInstance {
  const app = fastify({ exposeHeadRoutes: true, routerOptions: { maxParamLength: 4096 } });
  app.setErrorHandler((error, request, reply) => {
    const { status, message } = httpError(error);
    if (status >= 500 && status !== 501 && status !== 503) options.onError(error, request.url);
    if (status === 401) reply.header('www-authenticate', challenge);
    return reply.code(status).type('text/plain; charset=utf-8').send(message);
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type('text/plain; charset=utf-8')
      .send(
        `there is no ${request.method} ${request.url.split('?')[0]}; see the README for the addresses that are answered`,
      ),
  );
  admitAccounts(app, options.access);
  addOperations(app, options);
  addTraces(app, options);
  addSearch(app, options);
  addTags(app, options);
  addUnanswered(app);
  return app;
}

const queryOf = (request: FastifyRequest) => request.query as QueryString;
const accounts = new WeakMap<FastifyRequest, Account>();
const tenants = (request: FastifyRequest) =>
  tenantsOf(accounts.get(request)!, one(request.headers as QueryString, tenantHeader));

/** What probes and scrapers ask, who bring no credentials. */
const openAddresses: readonly (string | undefined)[] = ['/ready', '/metrics', '/status/version'];

/** Everything else is for known accounts; `/api/echo` too, with which Grafana tests a data source and its credentials. */
function admitAccounts(app: FastifyInstance, access: Access): void {
  app.addHook('onRequest', async (request) => {
    if (openAddresses.includes(request.routeOptions.url)) return;
    accounts.set(request, await access.admit(credentialHeaders(request.headers), certificateOf(request.raw.socket)));
  });
}

/** Aborts when the client goes away, so that the work behind the request stops. */
function gone(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.on('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Answers without a status of their own tell in a header that something is missing. */
function markPartial(reply: FastifyReply, outcome: Outcome): void {
  if (outcome.status === 'PARTIAL')
    reply.header('x-signaldb-partial', outcome.reasons.join('; ').replace(/[^\x20-\x7e]/g, '?'));
}

function addOperations(app: FastifyInstance, { notReady, metricsText, version }: HttpApiOptions): void {
  app.get('/api/echo', (_, reply) => reply.type('text/plain; charset=utf-8').send('echo\n'));
  app.get('/ready', async (_, reply) => {
    const reasons = await notReady();
    return reply
      .code(reasons.length > 0 ? 503 : 200)
      .type('text/plain; charset=utf-8')
      .send(reasons.length > 0 ? `not ready: ${reasons.join('; ')}\n` : 'ready\n');
  });
  app.get('/metrics', async (_, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText()),
  );
  const build = {
    version: `${tempoVersion}+signaldb.${version}`,
    revision: '',
    branch: '',
    buildDate: '',
    buildUser: '',
    goVersion: '',
  };
  app.get('/api/status/buildinfo', (_, reply) => reply.send(build));
  app.get('/status/version', (_, reply) =>
    reply
      .type('text/plain; charset=utf-8')
      .send(`signaldb, version ${version} (answers the API of Tempo ${tempoVersion})\n`),
  );
}

function addTraces(app: FastifyInstance, { config, source }: HttpApiOptions): void {
  const find = (request: FastifyRequest, reply: FastifyReply): Promise<FoundTrace> =>
    findTrace(source, {
      tenants: tenants(request),
      traceId: traceId((request.params as { id: string }).id),
      range: timeRange(queryOf(request)),
      bytesMax: config.traceBytesMax,
      timeoutMs: config.queryTimeoutMs,
      signal: gone(reply),
    });
  const tooLarge = `the trace is larger than ${config.traceBytesMax} bytes (setting router.traceBytesMax)`;

  app.get('/api/traces/:id', async (request, reply) => {
    const found = await find(request, reply);
    if (found.cut) return reply.code(422).type('text/plain; charset=utf-8').send(tooLarge);
    markPartial(reply, found.outcome);
    if (found.batches.length === 0 && found.outcome.status === 'PARTIAL') {
      // Not found where not everything could be asked is no "not found".
      return reply.code(503).type('text/plain; charset=utf-8').send(found.outcome.reasons.join('; '));
    }
    if (found.batches.length === 0) return reply.code(404).send();
    if (wantsProtobuf(request)) return reply.type(protobuf).send(Buffer.from(traceBytes(found)));
    return reply.send({ batches: traceJson(found).resourceSpans });
  });

  app.get('/api/v2/traces/:id', async (request, reply) => {
    const found = await find(request, reply);
    const message = [...(found.cut ? [tooLarge] : []), ...found.outcome.reasons].join('; ');
    const partial = found.cut || found.outcome.status === 'PARTIAL';
    if (wantsProtobuf(request)) {
      const body = TraceByIDResponse.encode({
        trace: Trace.decode(traceBytes(found)),
        metrics: { inspectedBytes: BigInt(found.outcome.inspectedBytes) },
        status: partial ? 1 : 0,
        message,
      }).finish();
      return reply.type(protobuf).send(Buffer.from(body));
    }
    return reply.send({
      trace: found.batches.length > 0 ? traceJson(found) : {},
      metrics: found.outcome.inspectedBytes > 0 ? { inspectedBytes: String(found.outcome.inspectedBytes) } : {},
      ...(partial && { status: 'PARTIAL', message }),
    });
  });
}

const wantsProtobuf = (request: FastifyRequest) => (request.headers.accept ?? '').includes(protobuf);

function addSearch(app: FastifyInstance, { config, source }: HttpApiOptions): void {
  app.get('/api/search', async (request, reply) => {
    const query = queryOf(request);
    const tags = one(query, 'tags');
    const q =
      one(query, 'q') ??
      (tags === undefined && !one(query, 'minDuration') && !one(query, 'maxDuration') ? '{}' : undefined);
    const [minDurationNs, maxDurationNs] = [duration(query, 'minDuration'), duration(query, 'maxDuration')];
    const answer = await search(source, {
      tenants: tenants(request),
      ...(q !== undefined ? { q } : { tags: logfmt(tags ?? '') }),
      ...(minDurationNs !== undefined && { minDurationNs }),
      ...(maxDurationNs !== undefined && { maxDurationNs }),
      range: timeRange(query),
      limit: wholeNumber(query, 'limit', { min: 1, max: config.searchLimitMax, default: config.searchLimitDefault }),
      spansPerSpanSet: wholeNumber(query, 'spss', {
        min: 1,
        max: config.spansPerSpanSetMax,
        default: config.spansPerSpanSetDefault,
      }),
      timeoutMs: config.queryTimeoutMs,
      signal: gone(reply),
    });
    markPartial(reply, answer.outcome);
    return reply.send(searchJson(answer));
  });
}

function searchJson({ traces, outcome }: SearchAnswer): object {
  return {
    traces,
    metrics: {
      inspectedTraces: outcome.inspectedTraces,
      inspectedBytes: String(outcome.inspectedBytes),
      inspectedSpans: String(outcome.inspectedSpans),
      totalBlocks: outcome.inspectedFiles,
      completedJobs: 1,
      totalJobs: 1,
    },
  };
}

function addTags(app: FastifyInstance, { config, source }: HttpApiOptions): void {
  const tagQuery = (request: FastifyRequest, reply: FastifyReply): TagQuery => {
    const query = queryOf(request);
    const q = one(query, 'q');
    return {
      tenants: tenants(request),
      range: timeRange(query),
      ...(q !== undefined && { q }),
      limit: wholeNumber(query, 'limit', { min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 }) || config.tagsMax,
      timeoutMs: config.queryTimeoutMs,
      signal: gone(reply),
    };
  };
  const tagOf = (request: FastifyRequest) => tagName((request.params as { tag: string }).tag);
  const metrics = (outcome: Outcome) => ({ inspectedBytes: String(outcome.inspectedBytes) });

  app.get('/api/search/tags', async (request, reply) => {
    const scope = scopeOf(one(queryOf(request), 'scope'));
    const { scopes, outcome } = await tagNames(source, tagQuery(request, reply), scope);
    markPartial(reply, outcome);
    const named = scopes.filter(({ name }) => scope !== undefined || name !== 'intrinsic');
    return reply.send({ tagNames: [...new Set(named.flatMap(({ tags }) => tags))].sort(), metrics: metrics(outcome) });
  });

  app.get('/api/v2/search/tags', async (request, reply) => {
    const { scopes, outcome } = await tagNames(
      source,
      tagQuery(request, reply),
      scopeOf(one(queryOf(request), 'scope')),
    );
    markPartial(reply, outcome);
    return reply.send({ scopes, metrics: metrics(outcome) });
  });

  app.get('/api/search/tag/:tag/values', async (request, reply) => {
    const { values, outcome } = await tagValues(source, tagQuery(request, reply), unscopedTag(tagOf(request)));
    markPartial(reply, outcome);
    return reply.send({ tagValues: [...new Set(values.map(({ value }) => value))], metrics: metrics(outcome) });
  });

  app.get('/api/v2/search/tag/:tag/values', async (request, reply) => {
    const { values, outcome } = await tagValues(source, tagQuery(request, reply), tagOf(request));
    markPartial(reply, outcome);
    return reply.send({ tagValues: values, metrics: metrics(outcome) });
  });
}

// Known to Tempo's users, and told apart from a mistyped address.
function addUnanswered(app: FastifyInstance): void {
  for (const url of ['/api/metrics/query_range', '/api/metrics/query', '/api/overrides']) {
    app.all(url, (_, reply) => reply.code(400).type('text/plain; charset=utf-8').send(`${url} is not supported yet`));
  }
}
