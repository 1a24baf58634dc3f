// Encoding spans as Parquet: this repository's encoder beside arrow-rs in WebAssembly and DuckDB, on the same batches.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '@signaldb/duckdb';
import { createSignalAppender } from '@signaldb/otlp';
import { createEncoder } from '@signaldb/parquet';
import { type RecordBatch, Table, tableToIPC } from 'apache-arrow';
import { Compression, Table as WasmTable, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm';
import { makeTraceRequests } from './spans.ts';

const spansPerRequest = 500;

interface Variant {
  readonly name: string;
  /** Wants each row group as one batch: it can't take batches whose columns differ. */
  readonly oneBatch?: boolean;
  /** Encodes batches of one row group; gives the bytes stored. */
  encode(batches: readonly RecordBatch[]): Promise<number>;
}

interface Result {
  readonly name: string;
  readonly cpuUsPerSpan: number;
  readonly wallUsPerSpan: number;
  readonly bytesPerSpan: number;
}

/** `npm run bench parquet [-- --groups 8 --rows 65536 --rounds 3]` */
export async function main(args: string[]): Promise<void> {
  const options = {
    groups: { type: 'string', default: '4' },
    rows: { type: 'string', default: '65536' },
    rounds: { type: 'string', default: '3' },
  } as const;
  const { values } = parseArgs({ args, options });
  const rows = Number(values.rows);
  const groups = makeGroups(Number(values.groups), rows, 16);
  const whole = makeGroups(Number(values.groups), rows, Number.POSITIVE_INFINITY);
  const columns = whole[0]![0]!.schema.fields.length;
  console.log(
    `${groups.length} row groups of about ${rows} spans, ${columns} columns; the least CPU time of ${values.rounds} rounds, process-wide`,
  );
  const dir = await mkdtemp(join(tmpdir(), 'signaldb-bench-parquet-'));
  try {
    const results: Result[] = [];
    for (const variant of variants(dir))
      results.push(await measure(variant, variant.oneBatch ? whole : groups, Number(values.rounds)));
    print(results);
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Batches as an acceptor seals them: with 16 requests a few thousand rows each, whose columns differ a little. */
function makeGroups(count: number, rows: number, requestsPerBatch: number): RecordBatch[][] {
  const requests = makeTraceRequests({ requests: Math.ceil((count * rows) / spansPerRequest), spansPerRequest });
  const groups: RecordBatch[][] = [];
  const appender = createSignalAppender({ signal: 'traces' });
  let group: RecordBatch[] = [];
  let lsn = 0;
  const seal = () => group.push(...appender.seal().map(({ batch }) => batch));
  for (const request of requests) {
    appender.append(request, 'protobuf');
    appender.commit(++lsn);
    if (lsn % requestsPerBatch === 0) seal();
    if (group.reduce((sum, batch) => sum + batch.numRows, 0) + appender.rows < rows) continue;
    seal();
    groups.push(group);
    group = [];
  }
  return groups;
}

function* variants(dir: string): Generator<Variant> {
  const traces = { order: 'trace', splitByHour: true, timeColumn: 'start_time' } as const;
  yield own('signaldb, sorted, with trace index and filter', { ...traces, traceSidecars: true });
  yield own('signaldb, sorted', traces);
  yield own('signaldb, as it comes', {});
  yield {
    name: 'parquet-wasm (arrow-rs), zstd, as it comes',
    oneBatch: true,
    encode: async (batches) => wasm(batches),
  };
  yield duckdb(dir, 'duckdb, zstd, as it comes', '');
  yield duckdb(dir, 'duckdb, zstd, sorted', 'order by start_time // 1000000000, trace_id, start_time');
}

function own(name: string, options: Parameters<ReturnType<typeof createEncoder>['encode']>[1]): Variant {
  const encoder = createEncoder();
  return {
    name,
    async encode(batches) {
      const files = await encoder.encode(batches, options);
      return files.reduce(
        (sum, { bytes, traceIndex, traceFilter }) =>
          sum + bytes.length + (traceIndex?.length ?? 0) + (traceFilter?.length ?? 0),
        0,
      );
    },
  };
}

function wasm(batches: readonly RecordBatch[]): number {
  const table = WasmTable.fromIPCStream(tableToIPC(new Table([...batches]), 'stream'));
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.ZSTD)
    .setMaxRowGroupSize(1 << 17)
    .build();
  return writeParquet(table, properties).length;
}

function duckdb(dir: string, name: string, order: string): Variant {
  const database = openDatabase({ threads: 2 });
  const connection = database.connect();
  return {
    name,
    oneBatch: true,
    async encode(batches) {
      const path = join(dir, 'duckdb.parquet');
      const registered = connection.registerBatches('spans', batches);
      await connection.run(
        `copy (from spans ${order}) to '${path}' (format parquet, compression zstd, row_group_size 131072)`,
      );
      await registered.release();
      return (await stat(path)).size;
    },
  };
}

async function measure(variant: Variant, groups: readonly (readonly RecordBatch[])[], rounds: number): Promise<Result> {
  const spans = groups.flat().reduce((sum, batch) => sum + batch.numRows, 0);
  let best: Result | undefined;
  await variant.encode(groups[0]!); // warm
  for (let round = 0; round < rounds; round++) {
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    let bytes = 0;
    for (const group of groups) bytes += await variant.encode(group);
    const { user, system } = process.cpuUsage(cpu);
    const result = {
      name: variant.name,
      cpuUsPerSpan: (user + system) / spans,
      wallUsPerSpan: ((performance.now() - startedAt) * 1000) / spans,
      bytesPerSpan: bytes / spans,
    };
    if (!best || result.cpuUsPerSpan < best.cpuUsPerSpan) best = result;
  }
  return best!;
}

function print(results: readonly Result[]): void {
  console.log(`${''.padEnd(46)}   CPU µs/span   wall µs/span   bytes/span`);
  for (const { name, cpuUsPerSpan, wallUsPerSpan, bytesPerSpan } of results) {
    console.log(
      `${name.padEnd(46)}   ${cpuUsPerSpan.toFixed(2).padStart(11)}   ${wallUsPerSpan.toFixed(2).padStart(12)}   ${bytesPerSpan.toFixed(1).padStart(10)}`,
    );
  }
}
