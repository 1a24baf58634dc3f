import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeSchemaBytes, encodeIpcStream } from '@signaldb/flight';
import { Status } from '@signaldb/grpc';
import {
  type DataType,
  DateDay,
  Int32,
  Int64,
  makeData,
  makeVector,
  type RecordBatch,
  Table,
  TimestampMillisecond,
  TimestampNanosecond,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { tracesOf } from '../testing/spans.ts';
import { TestQuerier } from '../testing/test-querier.ts';
import { TestWorld } from '../testing/test-world.ts';

let world: TestWorld;
let querier: TestQuerier;
beforeAll(async () => {
  world = await TestWorld.open();
  querier = new TestQuerier(world, {
    sqlMemoryBytesMax: 96 << 20,
    sqlSpillBytesMax: 8 << 20,
    sqlTextBytesMax: 32 << 10,
  });
  const span = (i: number) => ({
    trace: `a${i}`,
    id: `${i + 1}`,
    at: i,
    service: ['shop', 'cart'][i % 2]!,
    attributes: { n: i },
  });
  await world.write('traces', tracesOf(Array.from({ length: 10 }, (_, i) => span(i))));
  await world.commit();
  await world.write('traces', tracesOf(Array.from({ length: 10 }, (_, i) => span(i + 10))));
  await world.write('traces', tracesOf([{ trace: 'ff', id: '1', service: 'theirs' }]), 'other');
});
afterAll(async () => {
  await querier.close();
  await world.close();
});

const values = async (sql: string, ticket: object = {}): Promise<unknown[]> =>
  (await querier.sql(sql, ticket)).rows.map((row) => Object.values(row)[0]);

describe('SQL', () => {
  it.each<[sql: string, answer: unknown[]]>([
    ['SELECT count(*) FROM traces', [20n]],
    ['select COUNT(*) from TRACES', [20n]],
    ['SELECT service_name FROM traces GROUP BY 1 ORDER BY 1', ['cart', 'shop']],
    ['SELECT sum("span.n")::BIGINT FROM traces WHERE service_name = \'cart\'', [100n]],
    ['SELECT max(end_time - start_time) FROM traces', [1_000_000n]],
    ['FROM traces SELECT count(*)', [20n]],
    ['WITH t AS (SELECT * FROM traces) SELECT count(*) FROM t', [20n]],
    ["WITH traces AS (SELECT * FROM traces WHERE service_name = 'cart') SELECT count(*) FROM traces", [10n]],
    ['WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 5) SELECT max(i) FROM r', [5]],
    ['SELECT count(*) FROM traces a JOIN traces b USING (span_id)', [20n]],
    ['SELECT count(*) FROM "default".traces', [20n]],
    ['SELECT count(*) FROM signaldb."default"."traces" AS t WHERE t.name IS NOT NULL', [20n]],
    ['/* ü🦆 */ SELECT count(*) FROM signaldb . "default" . traces, logs', [0n]],
    ['SELECT count(signaldb.traces.name) FROM signaldb.traces', [20n]],
    ['SELECT count("default".traces.name) FROM "default".traces', [20n]],
    ['SELECT count(*) FROM logs', [0n]],
    ['SELECT count(*) FROM metrics_exponential_histogram WHERE len(positive_bucket_counts) > 3', [0n]],
    ['VALUES (7)', [7]],
    ['SELECT i FROM range(3) t(i)', [0n, 1n, 2n]],
    ['SELECT unnest([1, 2])', [1, 2]],
    ["SELECT count(*) FROM (DESCRIBE traces) WHERE column_name = 'end_time'", [1n]],
    [
      'SHOW TABLES',
      [
        'log_lines',
        'logs',
        'metrics_exponential_histogram',
        'metrics_gauge',
        'metrics_histogram',
        'metrics_sum',
        'metrics_summary',
        'span_events',
        'spans',
        'traces',
      ],
    ],
    ['SELECT 1; ', [1]],
  ])('%s', async (sql, answer) => {
    expect(await values(sql)).toEqual(answer);
  });

  it('explains', async () => {
    for (const sql of [
      'EXPLAIN SELECT * FROM traces',
      '-- why\nexplain analyze select count(*) from traces',
      'EXPLAIN (FORMAT json) SELECT 1 FROM traces',
    ]) {
      expect((await querier.sql(sql)).rows.length).toBeGreaterThan(0);
    }
  });

  it('streams', async () => {
    const answer = await querier.sql('SELECT i FROM range(300000) t(i)');
    expect(answer.batches.length).toBeGreaterThan(4);
    expect(answer.messages[0]).toMatchObject({ schema: expect.anything() });
    expect(answer.outcome.status).toBe('COMPLETE');
  });

  it('sees one tenant', async () => {
    expect(await values('SELECT service_name FROM traces', { tenant: 'other' })).toEqual(['theirs']);
    expect(await values("SELECT count(*) FROM traces WHERE service_name = 'theirs'")).toEqual([0n]);
  });
});

describe('what is refused', () => {
  const refusals: [sql: string, code: number, details: RegExp][] = [
    ['selec 1', Status.INVALID_ARGUMENT, /^line 1, column 1: syntax error at or near "selec"/],
    ['SELECT\n  nme FROM traces', Status.INVALID_ARGUMENT, /^line 2, column 3: there is no column nme; did you mean name\?/],
    ['EXPLAIN SELECT nme FROM traces', Status.INVALID_ARGUMENT, /^line 1, column 16: /],
    ["SELECT 'ü', nme FROM \"default\".traces", Status.INVALID_ARGUMENT, /^line 1, column 13: /],
    ['SELECT * FROM tracez', Status.NOT_FOUND, /^line 1, column 15: there is no table tracez; did you mean traces\?/],
    ['SELECT * FROM something', Status.NOT_FOUND, /there is no table something; SHOW TABLES lists/],
    ['SELECT * FROM other.traces', Status.NOT_FOUND, /there is no table other\.traces/],
    ['SELECT * FROM memory.main.traces', Status.NOT_FOUND, /there is no table memory\.main\.traces/],
    ['SELECT * FROM information_schema.tablez', Status.NOT_FOUND, /there is no table information_schema\.tablez; did you mean tables\?/],
    ['SELECT * FROM information_schema.engines', Status.NOT_FOUND, /those of information_schema are schemata, tables, columns/],
    ['SELECT * FROM sqlite_master', Status.NOT_FOUND, /no table sqlite_master/],
    ['SELECT * FROM duckdb_settings', Status.NOT_FOUND, /no table/],
    ["SELECT * FROM '/etc/passwd'", Status.NOT_FOUND, /no table/],
    ["SELECT * FROM 'x.parquet'", Status.NOT_FOUND, /no table/],
    ['SELECT 1; SELECT 2', Status.INVALID_ARGUMENT, /one statement at a time/],
    ['', Status.INVALID_ARGUMENT, /./],
    ['SELECT 1 \0', Status.INVALID_ARGUMENT, /^line 1, column 10: .*NUL/],
    [`SELECT '${'x'.repeat(40_000)}'`, Status.INVALID_ARGUMENT, /querier\.sqlTextBytesMax/],
    [`SELECT * FROM ${Array.from({ length: 60 }, (_, i) => `range(1) t${i}`).join(', ')}`, Status.INVALID_ARGUMENT, /querier\.sqlTablesMax/],
    ['SELECT 1/0::INTEGER + \'x\'::INTEGER', Status.INVALID_ARGUMENT, /Could not convert/],
    ['SELECT ?', Status.INVALID_ARGUMENT, /1 parameter, 0 given/],
    ['SELECT list(i::VARCHAR) FROM range(30000000) t(i)', Status.RESOURCE_EXHAUSTED, /querier\.sqlMemoryBytesMax/],
    ...[
      "read_csv('/etc/passwd')", "read_text('/etc/passwd')", "read_blob('/etc/passwd')", "read_parquet('/etc/*')", "parquet_scan('x')", "read_json('x')",
      "glob('/*')", "sniff_csv('x')", "parquet_metadata('x')", 'duckdb_settings()', 'duckdb_views()', 'duckdb_secrets()', 'pragma_version()',
      "enable_logging(storage := 'file', storage_path := '/tmp/querier-refused-log')", "query('SELECT 1')", "query_table('traces')", 'force_checkpoint()',
      "json_execute_serialized_sql('x')", 'test_all_types()', "sql_auto_complete('s')", 'arrow_scan(1, 2, 3)', "seq_scan('traces')", 'no_such_function()',
      "which_secret('a', 's3')", 'duckdb_temporary_files()', 'duckdb_external_file_cache()', "read_duckdb('x')", "ReAd_CsV('x')", 'summary(traces)',
    ].map((call): [string, number, RegExp] => [`SELECT * FROM ${call}`, Status.INVALID_ARGUMENT, /the table function .* is not available/]),
    ...[
      "current_setting('memory_limit')", "getvariable('x')", "write_log('x')", 'sleep_ms(100000)', 'pg_sleep(100)', "getenv('HOME')",
      "json_serialize_plan('SELECT * FROM enable_logging()')", "nextval('s')", 'setseed(0.1)', 'current_query()', "Current_Setting('x')",
      'count(current_setting(\'x\')) OVER ()', "list_transform([1], lambda x: current_setting('x'))", "main.current_setting('x')",
      "(SELECT write_log('x'))", "CASE WHEN true THEN sleep_ms(1) END", "[write_log('x') for i in [1]]",
    ].map((call): [string, number, RegExp] => [`SELECT ${call}`, Status.INVALID_ARGUMENT, /the function .* is not available|syntax error/]),
    ...[
      'DROP TABLE traces', 'DELETE FROM traces', 'UPDATE traces SET name = 1', 'INSERT INTO traces SELECT * FROM traces', 'CREATE TABLE x (a INTEGER)',
      'CREATE TEMP TABLE x AS SELECT 1', 'CREATE OR REPLACE VIEW traces AS SELECT 1', "CREATE MACRO f(a) AS TABLE SELECT * FROM read_csv(a)", 'ALTER TABLE traces RENAME TO x',
      "COPY traces TO '/tmp/querier-refused.csv'", "COPY (SELECT 1) TO '/tmp/querier-refused.csv'", "ATTACH '/tmp/querier-refused.db'", 'DETACH memory', 'USE main', 'SET threads = 64', "SET VARIABLE x = 1",
      'RESET ALL', 'PRAGMA database_list', 'PRAGMA show_tables', 'CALL pragma_version()', 'INSTALL httpfs', 'LOAD json', 'BEGIN', 'COMMIT', 'CHECKPOINT', 'VACUUM', 'ANALYZE',
      "EXPORT DATABASE '/tmp/querier-refused'", "IMPORT DATABASE '/tmp/querier-refused'", 'PREPARE p AS SELECT 1', 'EXECUTE p', 'DEALLOCATE p', "CREATE SECRET s (TYPE s3)", 'CREATE SEQUENCE s', 'CREATE TYPE t AS ENUM (\'a\')',
      'EXPLAIN DELETE FROM traces', 'EXPLAIN ANALYZE COPY traces TO \'/tmp/querier-refused.csv\'', 'WITH x AS (SELECT 1) INSERT INTO logs SELECT * FROM x', 'MERGE INTO traces USING logs ON true WHEN MATCHED THEN DELETE',
      'PIVOT traces ON service_name USING count(*)', 'COMMENT ON TABLE traces IS \'x\'', 'TRUNCATE traces',
    ].map((sql): [string, number, RegExp] => [sql, Status.INVALID_ARGUMENT, /only queries \(SELECT|this statement changes tables|syntax error|not supported|Can only SET/i]),
  ]; // biome-ignore format: lists

  const failsWhileRunning = new Set(['SELECT ?', "SELECT 1/0::INTEGER + 'x'::INTEGER"]);

  // Writes can be prepared; it is only their rows that no query answers.
  const writes = /^(CREATE TABLE|DROP TABLE|INSERT)/;

  it.each(refusals)(
    '%s',
    async (sql, code, details) => {
      await expect(querier.sql(sql)).rejects.toMatchObject({ code, details: expect.stringMatching(details) });
      if (code !== Status.RESOURCE_EXHAUSTED && !failsWhileRunning.has(sql) && !writes.test(sql)) {
        await expect(querier.action('describe', { sql })).rejects.toMatchObject({ code });
      }
    },
    60_000,
  );

  it('left no trace on the disk', () => {
    for (const path of [
      '/tmp/querier-refused-log',
      '/tmp/querier-refused.csv',
      '/tmp/querier-refused.db',
      '/tmp/querier-refused',
    ])
      expect(existsSync(path)).toBe(false);
    expect(readdirSync(join(world.dir, 'querier', 'cache')).sort()).toEqual(['default', 'other']);
    expect(readFileSync('/etc/passwd').length).toBeGreaterThan(0);
  });
});

describe('limits', () => {
  const slow = 'SELECT count(*) FROM range(3000000) a(i), range(3000000) b(j) WHERE (i * j) % 7 = 3';

  it('ends a query that takes too long, and names the setting', async () => {
    const other = new TestQuerier(world, { sqlTimeoutMs: 1500 }, join(world.dir, 'other'));
    const began = performance.now();
    await expect(other.sql(slow)).rejects.toMatchObject({
      code: Status.DEADLINE_EXCEEDED,
      details: expect.stringContaining('querier.sqlTimeoutMs'),
    });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect((await other.sql('SELECT 1 AS a')).rows).toEqual([{ a: 1 }]);
    await other.close();
  });

  it('stops when the caller goes away', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 100);
    await expect(querier.get({ kind: 'sql', sql: slow }, abort.signal)).rejects.toMatchObject({
      code: Status.CANCELLED,
    });
  });

  it('refuses more queries at once than are allowed', async () => {
    const other = new TestQuerier(
      world,
      { sqlConcurrentMax: 1, sqlTimeoutMs: 3000, sqlWaitMs: 10 },
      join(world.dir, 'other'),
    );
    const running = other.sql(slow).catch(() => 'ended');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(other.sql('SELECT 1')).rejects.toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('querier.sqlConcurrentMax'),
    });
    expect(await running).toBe('ended');
    await other.close();
  });

  it('keeps few tenants’ databases open', async () => {
    const other = new TestQuerier(world, { sqlTenantsMax: 2 }, join(world.dir, 'other'));
    for (const tenant of ['a', 'b', 'c', 'a', 'default', 'b']) {
      expect((await other.sql('SELECT count(*) AS c FROM traces', { tenant })).rows).toEqual([
        { c: tenant === 'default' ? 20n : 0n },
      ]);
    }
    await other.close();
  });
});

describe('prepared statements', () => {
  const described = async (sql: string) => {
    const [found] = (await querier.action('describe', { sql })) as unknown as {
      statement_type: string;
      schema: string;
      parameters: string | null;
    }[];
    const read = (text: string) =>
      decodeSchemaBytes(Buffer.from(text, 'base64')).fields.map((field) => `${field.name} ${field.type}`);
    return {
      type: found!.statement_type,
      schema: read(found!.schema),
      parameters: found!.parameters && read(found!.parameters),
    };
  };

  it.each<[sql: string, schema: string[], parameters: string[] | null]>([
    ['SELECT name, duration_ns FROM traces', ['name Utf8', 'duration_ns Int64'], null],
    ['SELECT "span.n" FROM traces WHERE duration_ns > ? AND name = ?', ['span.n Int64'], ['1 Int64', '2 Utf8']],
    ["SELECT body FROM logs WHERE ?::TIMESTAMP > TIMESTAMP '2020-01-01'", ['body Utf8'], ['1 Timestamp<MILLISECOND>']],
    ["SELECT $a || 'x' AS s, $b AS b;", ['s Utf8', 'b Utf8'], ['a Utf8', 'b Utf8']],
  ])('%s', async (sql, schema, parameters) => {
    expect(await described(sql)).toEqual({ type: 'SELECT', schema, parameters });
  });

  const bound = (columns: Record<string, Vector>): string => {
    const [batch] = new Table(columns).batches as [RecordBatch];
    return Buffer.concat(encodeIpcStream({ schema: batch.schema, batches: [batch] })).toString('base64');
  };
  const of = <T extends DataType>(type: T, value: unknown): Vector => vectorFromArray([value as never], type);

  it('binds the parameters of an Arrow row', async () => {
    const parameters = bound({ a: of(new Utf8(), 'cart'), b: of(new Int64(), 15n) });
    expect(await values('SELECT count(*) FROM traces WHERE service_name = ? AND "span.n" > ?', { parameters })).toEqual(
      [2n],
    );
    const times = bound({ a: of(new TimestampMillisecond(), 1_500), b: makeVector(BigInt64Array.of(1n)) });
    expect(await values('SELECT epoch_us(?::TIMESTAMP) + ?', { parameters: times })).toEqual([1_500_001n]);
    const nanos = bound({
      a: makeVector(makeData({ type: new TimestampNanosecond(), length: 1, data: BigInt64Array.of(1n) })),
    });
    expect(await values('SELECT typeof(?)', { parameters: nanos })).toEqual(['TIMESTAMP_NS']);
    expect(
      await values('SELECT (? + INTERVAL 1 DAY)::VARCHAR', {
        parameters: bound({ a: of(new DateDay(), new Date('2024-02-28')) }),
      }),
    ).toEqual(['2024-02-29 00:00:00']);
    expect(await values('SELECT ? IS NULL', { parameters: bound({ a: of(new Int32(), null) }) })).toEqual([true]);
  });

  it.each([
    ['SELECT ?', 'AAAA', /no Arrow stream/],
    ['SELECT ?', '', /parameter/],
    ['SELECT ?, ?', undefined, /2 parameters, 1 given/],
  ])('refuses %s with %j', async (sql, parameters, details) => {
    const given = parameters ?? bound({ a: of(new Int32(), 1) });
    await expect(querier.sql(sql, { parameters: given })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringMatching(details),
    });
  });
});
