import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createRestCatalogClient, currentSnapshot, type LoadTableResult } from '@signaldb/iceberg';
import { makeTraceRequests } from '../../../../bench/spans.ts';
import { createSystemClient } from '../../../system/client.ts';
import { type Cluster, startCluster } from '../../../system/cluster.ts';
import { until } from '../../../system/until.ts';

/** What a script in Python answers. */
export type RunPython = (script: string, ...args: (string | number)[]) => Promise<Record<string, unknown>>;

interface Facts {
  readonly rows: number;
  readonly sum: number;
  readonly values: readonly number[];
  readonly duckdb: { readonly rows: number; readonly sum: number; readonly values: readonly number[] };
}

/** Of each table that is written here: a numeric column, so that values are compared as well as counted. */
const tables = { traces: 'duration_ns', logs: 'severity_number', metrics_gauge: 'value', metrics_sum: 'value' };

/** The running system's own tables, read by their metadata files: the same rows and values as over Flight SQL. */
export async function checkSignalTables(folder: string, python: RunPython): Promise<void> {
  const dir = join(folder, 'system');
  const cluster = await startCluster({ dir, processes: 'one', ports: 'free', store: 'local' });
  const user = createSystemClient({ ports: cluster.ports });
  try {
    await cluster.ready();
    await send(cluster);
    const locations: Record<string, [string, string]> = {};
    const wanted: Record<string, { rows: number; sum: number }> = {};
    for (const [table, column] of Object.entries(tables)) {
      const [row] = await user.sql(`SELECT count(*) AS n, sum(${column})::DOUBLE AS s FROM ${table}`);
      wanted[table] = { rows: Number(row!.n), sum: Number(row!.s) };
      const loaded = await whenCommitted(cluster, table, wanted[table].rows);
      locations[table] = [loaded['metadata-location']!, column];
    }
    const seen = (await python('read_signals', JSON.stringify(locations))) as Record<string, Facts>;
    for (const [table, facts] of Object.entries(seen)) {
      assert.ok(wanted[table]!.rows > 0, `${table} is empty`);
      assert.deepEqual({ rows: facts.rows, sum: facts.sum }, wanted[table], table);
      assert.deepEqual(facts.duckdb, { ...wanted[table]!, values: facts.values }, `${table} by DuckDB`);
    }
  } finally {
    await user.close();
    await cluster.stop();
  }
}

async function whenCommitted(cluster: Cluster, table: string, rows: number): Promise<LoadTableResult> {
  const catalog = createRestCatalogClient({ uri: `http://127.0.0.1:${cluster.ports.flowctlHttp}` });
  return until(
    () => catalog.loadTable('default', table),
    ({ metadata }) => Number(currentSnapshot(metadata)?.summary['total-records'] ?? 0) >= rows,
    60_000,
  );
}

async function send(cluster: Cluster): Promise<void> {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const bodies = makeTraceRequests({
    requests: 8,
    spansPerRequest: 250,
    startTimeNs: nowNs - 7_200_000_000_000n,
    spansPerSecond: 0.3,
  });
  for (const body of bodies) await post(cluster, 'traces', 'application/x-protobuf', new Uint8Array(body));
  await post(cluster, 'logs', 'application/json', JSON.stringify(logs(nowNs)));
  await post(cluster, 'metrics', 'application/json', JSON.stringify(metrics(nowNs)));
}

async function post(
  cluster: Cluster,
  signal: string,
  type: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const url = `http://127.0.0.1:${cluster.ports.otlpHttp}/v1/${signal}`;
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body });
  assert.equal(response.status, 200, `${url}: ${await response.text()}`);
}

const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'reader' } }] };
const numbers = Array.from({ length: 500 }, (_, i) => i);

function logs(nowNs: bigint): unknown {
  const logRecords = numbers.map((i) => ({
    timeUnixNano: String(nowNs + BigInt(i)),
    severityNumber: (i % 24) + 1,
    body:
      i % 3 === 0
        ? { kvlistValue: { values: [{ key: 'i', value: { intValue: String(i) } }] } }
        : { stringValue: `line ${i} ☃` },
    attributes: [
      { key: 'n', value: { intValue: String(i) } },
      { key: 'tags', value: { arrayValue: { values: [{ stringValue: 'a' }] } } },
    ],
  }));
  return { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] };
}

function metrics(nowNs: bigint): unknown {
  const dataPoints = numbers.map((i) => ({
    timeUnixNano: String(nowNs + BigInt(i)),
    asDouble: i / 8,
    attributes: [{ key: 'core', value: { intValue: String(i % 4) } }],
    exemplars: i % 10 === 0 ? [{ timeUnixNano: String(nowNs), asDouble: 1.5 }] : [],
  }));
  const sum = { name: 'requests', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } };
  return {
    resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name: 'load', gauge: { dataPoints } }, sum] }] }],
  };
}
