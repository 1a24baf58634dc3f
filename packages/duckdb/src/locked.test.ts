import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, type Database, openDatabase } from './index.ts';

let folder: string;
let outside: string;
let database: Database;
let connection: Connection;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'duckdb-locked-'));
  outside = mkdtempSync(join(tmpdir(), 'duckdb-outside-'));
  writeFileSync(join(outside, 'secret.csv'), 'a\n1\n');
  const maker = openDatabase();
  const session = maker.connect();
  for (const place of [folder, outside])
    await session.run(`COPY (SELECT 42 AS a) TO '${join(place, 'rows.parquet')}' (FORMAT parquet)`);
  await maker.close();
  database = openDatabase({
    locked: true,
    allowedDirectories: [folder],
    memoryLimit: 64 << 20,
    threads: 2,
    tempDirectory: join(folder, 'spill'),
    tempDirectoryBytesMax: '10MB',
  });
  connection = database.connect();
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
  rmSync(outside, { recursive: true });
});

const run = async (sql: string): Promise<unknown[]> =>
  (await (await connection.query(sql)).table()).toArray().map((row) => Object.values(row.toJSON())[0]);

describe('a locked database', () => {
  it('reads the folders that it was given', async () => {
    expect(await run(`SELECT a FROM read_parquet('${join(folder, 'rows.parquet')}')`)).toEqual([42]);
    expect(await run(`SELECT a FROM '${join(folder, '*.parquet')}'`)).toEqual([42]);
  });

  it.each([
    ["SELECT * FROM read_csv('/etc/passwd')"],
    ["SELECT * FROM '/etc/passwd'"],
    ["SELECT * FROM read_text('/etc/passwd')"],
    ["SELECT * FROM read_blob('/etc/*')"],
    ["SELECT * FROM read_json('/etc/passwd')"],
    ["SELECT * FROM read_parquet('OUTSIDE/rows.parquet')"],
    ["SELECT * FROM read_parquet('FOLDER/../OUTNAME/rows.parquet')"],
    ["SELECT * FROM parquet_metadata('OUTSIDE/rows.parquet')"],
    ["SELECT * FROM parquet_schema('OUTSIDE/rows.parquet')"],
    ["SELECT * FROM sniff_csv('OUTSIDE/secret.csv')"],
    ["SELECT * FROM glob('/etc/*')"],
    ["SELECT * FROM read_csv('https://example.com/x.csv')"],
    ["SELECT * FROM 's3://bucket/x.parquet'"],
    ["ATTACH 'OUTSIDE/x.duckdb' AS x"],
    ["ATTACH '/etc/passwd' AS x"],
    ["COPY (SELECT 1) TO 'OUTSIDE/out.csv'"],
    ["COPY (SELECT 1) TO '/tmp/out.parquet' (FORMAT parquet)"],
    ["EXPORT DATABASE 'OUTSIDE/dump'"],
    ["IMPORT DATABASE 'OUTSIDE/dump'"],
    ['INSTALL httpfs'],
    ['LOAD httpfs'],
    ["LOAD 'OUTSIDE/x.duckdb_extension'"],
    ['INSTALL json FROM community'],
    ['SET enable_external_access = true'],
    ['SET lock_configuration = false'],
    ["SET allowed_directories = ['/']"],
    ["SET memory_limit = '10GB'"],
    ['SET threads = 100'],
    ["SET temp_directory = '/tmp'"],
    ["SET SESSION TimeZone = 'Asia/Tokyo'"],
    ['RESET memory_limit'],
    ["PRAGMA memory_limit = '10GB'"],
    ["PRAGMA enable_profiling = 'json'"],
    ["PRAGMA profiling_output = '/tmp/x'"],
    ["CREATE SECRET s (TYPE s3, KEY_ID 'a', SECRET 'b')"],
    ["SELECT getenv('HOME')"],
    ["SELECT * FROM read_duckdb('OUTSIDE/x.duckdb')"],
  ])('refuses %s', async (template) => {
    const sql = template
      .replaceAll('OUTSIDE', outside)
      .replaceAll('FOLDER', folder)
      .replaceAll('OUTNAME', outside.slice(outside.lastIndexOf('/') + 1));
    await expect(run(sql)).rejects.toMatchObject({ name: 'DuckDbError' });
    expect(await run('SELECT 1')).toEqual([1]);
  });

  it('keeps its memory and spill limits', async () => {
    await expect(run('SELECT list(i::VARCHAR) FROM range(30000000) t(i)')).rejects.toMatchObject({
      kind: 'Out of Memory',
    });
    await expect(
      run('SELECT count(*) FROM (SELECT DISTINCT hash(i) || i FROM range(10000000) t(i))'),
    ).rejects.toMatchObject({ kind: 'Out of Memory' });
    expect(await run("SELECT current_setting('memory_limit')")).toEqual(['64.0 MiB']);
  });

  it('shows nothing of the host in its settings', async () => {
    const settings = (await run(
      "SELECT name || '=' || value FROM duckdb_settings() WHERE value LIKE '%/%'",
    )) as string[];
    expect(settings.filter((setting) => !setting.includes(folder))).toEqual([]);
    expect(await run('SELECT count(*) FROM duckdb_secrets()').catch(() => [0n])).toEqual([0n]);
  });
});
