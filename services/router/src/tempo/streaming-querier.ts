// Tempo's gRPC service, which Grafana dials on the HTTP port. Each answer is complete in itself and sent once.
import { type Access, tenantHeader, tenantsOf } from '@signaldb/access';
import { GrpcError, type ServerCall, type ServiceImplementation, Status } from '@signaldb/grpc';
import {
  type SearchRequest,
  type SearchTagsRequest,
  type SearchTagValuesRequest,
  SpanSet,
  StreamingQuerierService,
  type TraceSearchMetadata,
} from '@signaldb/proto/tempopb/tempo';
import type { RouterConfig } from '../config.ts';
import type { Outcome, QuerierSource } from '../querier-pool.ts';
import { checkRange, type TimeRange } from './params.ts';
import { search, type TraceSummaryJson } from './search.ts';
import { scopeOf, type TagQuery, tagNames, tagValues, unscopedTag } from './tags.ts';

export { StreamingQuerierService };

const nsPerSecond = 1_000_000_000n;
const nsPerMs = 1_000_000n;

function rangeOf({ start, end }: { readonly start: number; readonly end: number }): TimeRange {
  return checkRange({
    ...(start > 0 && { startNs: BigInt(start) * nsPerSecond }),
    ...(end > 0 && { endNs: BigInt(end) * nsPerSecond }),
  });
}

const bounded = (value: number, preset: number, max: number) => Math.min(value || preset, max);

export function createStreamingQuerier({
  config,
  source,
  access,
}: {
  readonly config: RouterConfig;
  readonly source: QuerierSource;
  readonly access: Access;
}): ServiceImplementation<StreamingQuerierService> {
  const tenants = async ({ metadata, peerCertificate }: ServerCall) =>
    tenantsOf(await access.admit(metadata, peerCertificate), metadata.get(tenantHeader));
  const tagQuery = async (
    request: SearchTagsRequest | SearchTagValuesRequest,
    limit: number,
    call: ServerCall,
  ): Promise<TagQuery> => ({
    tenants: await tenants(call),
    range: rangeOf(request),
    ...(request.query && { q: request.query }),
    limit: limit || config.tagsMax,
    timeoutMs: config.queryTimeoutMs,
    signal: call.signal,
  });

  return {
    async *search(request: SearchRequest, call: ServerCall) {
      const { traces, outcome } = await search(source, {
        tenants: await tenants(call),
        ...(request.Query || Object.keys(request.Tags).length === 0
          ? { q: request.Query || '{}' }
          : { tags: request.Tags }),
        ...(request.MinDurationMs > 0 && { minDurationNs: BigInt(request.MinDurationMs) * nsPerMs }),
        ...(request.MaxDurationMs > 0 && { maxDurationNs: BigInt(request.MaxDurationMs) * nsPerMs }),
        range: rangeOf(request),
        limit: bounded(request.Limit, config.searchLimitDefault, config.searchLimitMax),
        spansPerSpanSet: bounded(request.SpansPerSpanSet, config.spansPerSpanSetDefault, config.spansPerSpanSetMax),
        timeoutMs: config.queryTimeoutMs,
        signal: call.signal,
      });
      markPartial(call, outcome);
      yield { traces: traces.map(summary), metrics: searchMetrics(outcome) };
    },
    async *searchTags(request, call) {
      const scope = scopeOf(request.scope);
      const { scopes, outcome } = await tagNames(source, await tagQuery(request, request.maxTagsPerScope, call), scope);
      markPartial(call, outcome);
      const named = scopes.filter(({ name }) => scope !== undefined || name !== 'intrinsic');
      yield { tagNames: [...new Set(named.flatMap(({ tags }) => tags))].sort(), metrics: metadataMetrics(outcome) };
    },
    async *searchTagsV2(request, call) {
      const { scopes, outcome } = await tagNames(
        source,
        await tagQuery(request, request.maxTagsPerScope, call),
        scopeOf(request.scope),
      );
      markPartial(call, outcome);
      yield { scopes: scopes.map(({ name, tags }) => ({ name, tags: [...tags] })), metrics: metadataMetrics(outcome) };
    },
    async *searchTagValues(request, call) {
      const { values, outcome } = await tagValues(
        source,
        await tagQuery(request, request.maxTagValues, call),
        unscopedTag(request.tagName),
      );
      markPartial(call, outcome);
      yield { tagValues: [...new Set(values.map(({ value }) => value))], metrics: metadataMetrics(outcome) };
    },
    async *searchTagValuesV2(request, call) {
      const { values, outcome } = await tagValues(
        source,
        await tagQuery(request, request.maxTagValues, call),
        request.tagName,
      );
      markPartial(call, outcome);
      yield { tagValues: values.map((value) => ({ ...value })), metrics: metadataMetrics(outcome) };
    },
    // biome-ignore lint/correctness/useYield: it has nothing to yield, only its refusal
    async *metricsQueryRange() {
      throw new GrpcError(Status.UNIMPLEMENTED, 'TraceQL metrics are not supported yet');
    },
    // biome-ignore lint/correctness/useYield: it has nothing to yield, only its refusal
    async *metricsQueryInstant() {
      throw new GrpcError(Status.UNIMPLEMENTED, 'TraceQL metrics are not supported yet');
    },
  };
}

function markPartial(call: ServerCall, outcome: Outcome): void {
  if (outcome.status === 'PARTIAL')
    call.trailers.set('x-signaldb-partial', outcome.reasons.join('; ').replace(/[^\x20-\x7e]/g, '?'));
}

function summary(trace: TraceSummaryJson): TraceSearchMetadata {
  const spanSets = trace.spanSets?.map((set) => SpanSet.fromJSON(set)) ?? [];
  return {
    traceID: trace.traceID,
    rootServiceName: trace.rootServiceName,
    rootTraceName: trace.rootTraceName,
    startTimeUnixNano: BigInt(trace.startTimeUnixNano),
    durationMs: trace.durationMs,
    spanSet: spanSets[0],
    spanSets,
    serviceStats: { ...trace.serviceStats },
  };
}

const searchMetrics = (outcome: Outcome) => ({
  inspectedTraces: outcome.inspectedTraces,
  inspectedBytes: BigInt(outcome.inspectedBytes),
  totalBlocks: outcome.inspectedFiles,
  completedJobs: 1,
  totalJobs: 1,
  totalBlockBytes: 0n,
  inspectedSpans: BigInt(outcome.inspectedSpans),
});

const metadataMetrics = (outcome: Outcome) => ({
  inspectedBytes: BigInt(outcome.inspectedBytes),
  totalJobs: 1,
  completedJobs: 1,
  totalBlocks: outcome.inspectedFiles,
  totalBlockBytes: 0n,
});
