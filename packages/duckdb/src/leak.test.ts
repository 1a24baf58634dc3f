import { describe, expect, it } from '@jest/globals';
import { openDatabase } from './index.ts';

/** The process's resident memory after DuckDB's allocator and V8 have given back what they would. */
function residentBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss;
}

/** What a round leaves behind, in bytes: the rise over `rounds` once `warmUp` rounds have filled all caches. */
async function leftBehind(round: () => Promise<void>, warmUp: number, rounds: number): Promise<number> {
  for (let i = 0; i < warmUp; i++) await round();
  const before = residentBytes();
  for (let i = 0; i < rounds; i++) await round();
  return (residentBytes() - before) / rounds;
}

/** Of a round; a result that isn't freed is larger. */
const bytesMax = 150_000;

const wide =
  "SELECT i, 'text ' || i AS s, [i, i] AS l, {'a': i, 'b': 'x'} AS st, MAP {i: 'v'} AS m FROM range(20000) t(i)";

describe('memory', () => {
  it('comes back after queries, errors, aborts, parameters and descriptions', async () => {
    const database = openDatabase({ threads: 2, memoryLimit: '128MB' });
    const connection = database.connect();
    const round = async (): Promise<void> => {
      await (await connection.query(wide)).batches();
      for await (const _batch of await connection.query(wide)) break;
      await (
        await connection.query('SELECT ?, ?, ?', { params: ['x'.repeat(10_000), [1, 2], new Uint8Array(1000)] })
      ).table();
      await connection.query('SELECT nothing FROM nowhere').catch(() => {});
      await connection.query("SELECT 'a'::INTEGER").catch(() => {});
      await connection.query("SELECT '1'::BIT AS b").catch(() => {});
      await connection.query(wide, { signal: AbortSignal.timeout(1) }).then(
        (result) => result.close(),
        () => {},
      );
      await connection.describe(`${wide} WHERE i > ?`);
      await connection.tableNames('SELECT * FROM a, b');
      await connection.parse('SELECT 1');
      await connection.run('CREATE OR REPLACE TEMP TABLE x AS SELECT 1; DROP TABLE x');
    };
    expect(await leftBehind(round, 40, 300)).toBeLessThan(bytesMax);
    await database.close();
  }, 120_000);

  it('comes back after registered batches, connections and databases', async () => {
    const database = openDatabase({ threads: 2, memoryLimit: '128MB' });
    const source = database.connect();
    const batches = await (await source.query(wide)).batches();
    const round = async (): Promise<void> => {
      const connection = database.connect();
      const registration = connection.registerBatches('r', batches);
      await (await connection.query('SELECT count(*), max(s) FROM r')).table();
      registration.release();
      const open = connection.registerBatches('r', batches);
      await connection.query('SELECT * FROM r');
      await connection.close();
      open.release();
      const other = openDatabase({ threads: 1, locked: true });
      await (await other.connect().query('SELECT 1')).table();
      await other.close();
    };
    expect(await leftBehind(round, 50, 300)).toBeLessThan(bytesMax);
    await database.close();
  }, 120_000);
});
