import type { TableName } from '@signaldb/otlp';

/** What an argument says about the rows that are read: files without such are left out. */
export interface ArgumentMeaning {
  readonly position: number;
  readonly name: string;
  readonly meaning: 'trace' | 'since' | 'until';
}

/** A function that stands in FROM, in every session. */
export interface TableFunction {
  readonly name: string;
  readonly reads: TableName;
  /** Its overload, as CREATE MACRO takes it. */
  readonly definition: string;
  readonly calls?: readonly string[];
  readonly arguments: readonly ArgumentMeaning[];
}

const maxNs = '9223372036854775807';
const minNs = '-9223372036854775807';
/** Ids are 32 digits in lower case; leading zeros may be left out, as in Tempo. */
const traceId = `lpad(lower(trace), 32, '0')`;
const range = (column: string): string => `${column} >= since AND ${column} <= until`;
const rangeParameters = `since BIGINT := ${minNs}, until BIGINT := ${maxNs}`;
const rangeArguments = (position: number): ArgumentMeaning[] => [
  { position, name: 'since', meaning: 'since' },
  { position: position + 1, name: 'until', meaning: 'until' },
];
const traceArgument: ArgumentMeaning = { position: 0, name: 'trace', meaning: 'trace' };

/** What a service was asked to do: spans of kind server or consumer, and roots. */
const isRequest = '(kind IN (2, 5) OR parent_span_id IS NULL)';
const latencies = `approx_quantile(duration_ns, [0.5, 0.9, 0.95, 0.99])`;

const traceTree = `WITH RECURSIVE
  spans_ AS MATERIALIZED (
    SELECT span_id, parent_span_id, name, service_name, kind, status_code, status_message, start_time, duration_ns
    FROM temp.main.traces WHERE trace_id = ${traceId}
    QUALIFY row_number() OVER (PARTITION BY span_id ORDER BY start_time) = 1
  ),
  kin AS MATERIALIZED (
    SELECT span_id, parent, row_number() OVER (PARTITION BY parent ORDER BY start_time, span_id) AS rank
    FROM (
      SELECT span_id, start_time,
        CASE WHEN parent_span_id <> span_id AND parent_span_id IN (SELECT span_id FROM spans_) THEN parent_span_id END AS parent
      FROM spans_
    )
  ),
  tree AS (
    SELECT span_id, 0 AS depth, [rank] AS path FROM kin WHERE parent IS NULL
    UNION ALL
    SELECT k.span_id, t.depth + 1, list_append(t.path, k.rank) FROM tree t JOIN kin k ON k.parent = t.span_id
  ),
  inside AS (
    SELECT k.parent, greatest(c.start_time, p.start_time) AS began, least(c.start_time + c.duration_ns, p.start_time + p.duration_ns) AS ended
    FROM kin k JOIN spans_ c ON c.span_id = k.span_id JOIN spans_ p ON p.span_id = k.parent
  ),
  covered AS (
    SELECT parent, sum(greatest(0, ended - greatest(began, coalesce(before, began)))) AS ns
    FROM (SELECT *, max(ended) OVER (PARTITION BY parent ORDER BY began, ended ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM inside)
    GROUP BY parent
  )
  SELECT repeat('  ', t.depth) || s.name AS span, s.service_name, t.depth,
    (s.start_time - min(s.start_time) OVER ()) / 1e6 AS offset_ms, s.duration_ns / 1e6 AS duration_ms,
    (s.duration_ns - coalesce(c.ns, 0)) / 1e6 AS self_ms,
    CASE s.status_code WHEN 1 THEN 'ok' WHEN 2 THEN 'error' ELSE 'unset' END AS status, s.status_message,
    s.span_id, s.parent_span_id, s.start_time
  FROM tree t JOIN spans_ s USING (span_id) LEFT JOIN covered c ON c.parent = t.span_id
  ORDER BY t.path`;

export const tableFunctions: readonly TableFunction[] = [
  {
    name: 'trace_tree',
    reads: 'traces',
    arguments: [traceArgument],
    definition: `(trace VARCHAR) AS TABLE ${traceTree}`,
  },
  {
    name: 'logs_of_trace',
    reads: 'logs',
    arguments: [],
    definition: `(trace VARCHAR) AS TABLE
      SELECT make_timestamp(time // 1000) AS moment, service_name, severity_text, severity_number, coalesce(body, body_value) AS body, span_id, time
      FROM temp.main.logs WHERE trace_id = ${traceId} ORDER BY time`,
  },
  {
    name: 'search_logs',
    reads: 'logs',
    arguments: rangeArguments(1),
    definition: `(words VARCHAR, ${rangeParameters}) AS TABLE
      SELECT make_timestamp(time // 1000) AS moment, service_name, severity_text, severity_number, coalesce(body, body_value) AS body, trace_id, span_id, time
      FROM temp.main.logs WHERE contains(lower(coalesce(body, body_value)), lower(words)) AND ${range('time')} ORDER BY time DESC`,
  },
  {
    name: 'latency_by_service',
    reads: 'traces',
    arguments: rangeArguments(0),
    definition: `(${rangeParameters}) AS TABLE
      SELECT service_name, requests, errors, errors / requests AS error_rate,
        q[1] / 1e6 AS p50_ms, q[2] / 1e6 AS p90_ms, q[3] / 1e6 AS p95_ms, q[4] / 1e6 AS p99_ms, longest / 1e6 AS max_ms
      FROM (
        SELECT service_name, count(*) AS requests, count(*) FILTER (status_code = 2) AS errors, ${latencies} AS q, max(duration_ns) AS longest
        FROM temp.main.traces WHERE ${isRequest} AND ${range('start_time')} GROUP BY service_name
      ) ORDER BY requests DESC, service_name`,
  },
  {
    name: 'latency_histogram',
    reads: 'traces',
    arguments: rangeArguments(1),
    definition: `(service VARCHAR, ${rangeParameters}) AS TABLE
      SELECT 2.0 ** step AS from_ms, 2.0 ** (step + 1) AS to_ms, count(*) AS requests, count(*) FILTER (status_code = 2) AS errors
      FROM (
        SELECT CAST(floor(log2(greatest(duration_ns, 1) / 1e6)) AS INTEGER) AS step, status_code
        FROM temp.main.traces WHERE service_name = service AND ${isRequest} AND ${range('start_time')}
      ) GROUP BY step ORDER BY step`,
  },
  {
    name: 'error_rate',
    reads: 'traces',
    calls: ['time_bucket'],
    arguments: rangeArguments(1),
    definition: `(width INTERVAL, ${rangeParameters}) AS TABLE
      SELECT time_bucket(width, start_time) AS bucket, service_name, count(*) AS requests,
        count(*) FILTER (status_code = 2) AS errors, count(*) FILTER (status_code = 2) / count(*) AS error_rate
      FROM temp.main.traces WHERE ${isRequest} AND ${range('start_time')} GROUP BY ALL ORDER BY bucket, service_name`,
  },
];
