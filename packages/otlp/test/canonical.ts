import type { LogsData } from '@signaldb/proto/opentelemetry/proto/logs/v1/logs';
import type { MetricsData } from '@signaldb/proto/opentelemetry/proto/metrics/v1/metrics';
import type { TracesData } from '@signaldb/proto/opentelemetry/proto/trace/v1/trace';

const NO_RESOURCE = { attributes: [], droppedAttributesCount: 0, entityRefs: [] };
const NO_SCOPE = { name: '', version: '', attributes: [], droppedAttributesCount: 0 };
const NO_STATUS = { message: '', code: 0 };

/** What a message says, as sorted lines: messages that differ only in grouping and the order of attributes have the same. */
export function canonicalTraces(data: TracesData): string[] {
  return data.resourceSpans
    .flatMap(({ resource, schemaUrl, scopeSpans }) =>
      scopeSpans.flatMap(({ scope, schemaUrl: scopeUrl, spans }) =>
        spans.map((span) =>
          line(resource ?? NO_RESOURCE, schemaUrl, scope ?? NO_SCOPE, scopeUrl, {
            ...span,
            status: span.status ?? NO_STATUS,
          }),
        ),
      ),
    )
    .sort();
}

export function canonicalLogs(data: LogsData): string[] {
  return data.resourceLogs
    .flatMap(({ resource, schemaUrl, scopeLogs }) =>
      scopeLogs.flatMap(({ scope, schemaUrl: scopeUrl, logRecords }) =>
        logRecords.map((record) => line(resource ?? NO_RESOURCE, schemaUrl, scope ?? NO_SCOPE, scopeUrl, record)),
      ),
    )
    .sort();
}

/** One line a data point. */
export function canonicalMetrics(data: MetricsData): string[] {
  return data.resourceMetrics
    .flatMap(({ resource, schemaUrl, scopeMetrics }) =>
      scopeMetrics.flatMap(({ scope, schemaUrl: scopeUrl, metrics }) =>
        metrics.flatMap(({ data, ...metric }) => {
          const { dataPoints, ...aggregation } = data?.value ?? { dataPoints: [] };
          return dataPoints.map((point) =>
            line(
              resource ?? NO_RESOURCE,
              schemaUrl,
              scope ?? NO_SCOPE,
              scopeUrl,
              metric,
              data?.$case,
              aggregation,
              point,
            ),
          );
        }),
      ),
    )
    .sort();
}

const UNORDERED = new Set(['attributes', 'filteredAttributes', 'metadata']);

function line(...parts: unknown[]): string {
  return JSON.stringify(parts.map((part) => plain(part)));
}

function plain(value: unknown, name = ''): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) {
    const list = value.map((element) => plain(element));
    return UNORDERED.has(name) ? list.map((element) => JSON.stringify(element)).sort() : list;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries({ ...value, ...('key' in value && !(value as { value?: unknown }).value ? { value: {} } : {}) })
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, plain(member, key)]),
  );
}
