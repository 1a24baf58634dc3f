import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { Sandbox, type SandboxResult } from './sandbox.ts';

let dir: string;
const opened: Sandbox[] = [];
beforeAll(() => {
  dir = mkdtempSync(`${tmpdir()}/sandbox-`);
});
afterAll(async () => {
  await Promise.all(opened.map((sandbox) => sandbox.close()));
  rmSync(dir, { recursive: true });
});

const ends: string[] = [];
function start(options: { readonly cancelGraceMs?: number } = {}): Sandbox {
  const sandbox = new Sandbox({
    settings: { locked: true, allowedDirectories: [dir], memoryLimit: '100MB', threads: 2 },
    residentBytesMax: 400 << 20,
    onEnd: ({ reason }) => ends.push(reason),
    ...options,
  });
  opened.push(sandbox);
  return sandbox;
}

const never = new AbortController().signal;
const slow = 'SELECT count(*) FROM range(3000000) a(i), range(3000000) b(j) WHERE (i * j) % 7 = 3';

async function valuesOf({ batches }: SandboxResult): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const batch of batches) values.push(...batch.getChildAt(0)!);
  return values;
}

const run = async (sandbox: Sandbox, sql: string, signal = never): Promise<unknown[]> =>
  valuesOf(await sandbox.query([], sql, [], signal));

describe('Sandbox', () => {
  it('parses, describes and runs', async () => {
    const sandbox = start();
    expect((await sandbox.parse('SELECT 1')).statements).toHaveLength(1);
    await expect(sandbox.parse('SELECT 1 +')).rejects.toMatchObject({ kind: 'Parser', position: { column: 11 } });
    const view = "CREATE TEMP VIEW v AS SELECT 'x' AS a, ?::INTEGER AS b".replace('?', '7');
    const [described] = await sandbox.describe([view], ['SELECT * FROM v WHERE b = ?']);
    expect([described!.statementType, String(described!.schema), String(described!.parameters)]).toEqual([
      'SELECT',
      'Schema<{ 0: a: Utf8, 1: b: Int32 }>',
      'Schema<{ 0: 1: Int32 }>',
    ]);
    expect(await valuesOf(await sandbox.query([view], 'SELECT b FROM v WHERE a = ?', ['x'], never))).toEqual([7]);
    await expect(sandbox.query([view], 'SELECT c FROM v', [], never)).rejects.toMatchObject({ kind: 'Binder' });
    await expect(
      run(sandbox, "SELECT s::INTEGER FROM (SELECT 'x' || i AS s FROM range(100000) t(i))"),
    ).rejects.toMatchObject({ kind: 'Conversion' });
  });

  it('runs queries side by side, each with its own views', async () => {
    const sandbox = start();
    const results = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        sandbox
          .query([`CREATE TEMP VIEW v AS SELECT ${n} * i AS x FROM range(200000) t(i)`], 'SELECT x FROM v', [], never)
          .then(valuesOf),
      ),
    );
    results.forEach((values, i) => {
      expect(values).toHaveLength(200_000);
      expect(values[199_999]).toBe(BigInt((i + 1) * 199_999));
    });
  });

  it('sends no more than is taken', async () => {
    const sandbox = start();
    const { batches } = await sandbox.query([], "SELECT repeat('x', 1000) FROM range(5000000)", [], never);
    let rows = 0;
    for await (const batch of batches) {
      rows += batch.numRows;
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (rows > 300_000) break;
    }
    // Ahead of a slow reader it would have run into its memory limit.
    expect(await run(sandbox, 'SELECT 1')).toEqual([1]);
    expect(sandbox.hasEnded).toBe(false);
  });

  it('stops what is cancelled, and goes on', async () => {
    const sandbox = start();
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 300);
    await expect(run(sandbox, slow, abort.signal)).rejects.toThrow('enough');
    expect(await run(sandbox, 'SELECT 2')).toEqual([2]);
    await expect(run(sandbox, 'SELECT 1', AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  });

  it.each([
    'SELECT len(range(300000000))',
    "SELECT length(repeat('x', 2000000000))",
    'SELECT len(list_transform(range(50000000), lambda x: x::VARCHAR))',
  ])('is ended when it takes too much memory: %s', async (sql) => {
    const sandbox = start();
    await run(sandbox, 'SELECT 1');
    const before = process.memoryUsage.rss();
    const began = performance.now();
    await expect(run(sandbox, sql)).rejects.toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('querier.sqlMemoryBytesMax'),
    });
    expect(sandbox.hasEnded).toBe(true);
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 << 20);
    expect(ends.at(-1)).toBe('memory');
    await expect(sandbox.parse('SELECT 1')).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
  });

  it('tells all that ran that they may not be the cause', async () => {
    const sandbox = start();
    const retryable = { code: Status.UNAVAILABLE, details: expect.stringContaining('run it again') };
    const others = [run(sandbox, slow), run(sandbox, slow)].map((other) =>
      expect(other).rejects.toMatchObject(retryable),
    );
    await expect(run(sandbox, 'SELECT len(range(300000000))')).rejects.toMatchObject(retryable);
    await Promise.all(others);
  });

  it.each([100, 1500])(
    'stops planning that is cancelled after %i ms, by ending the process where need be',
    async (ms) => {
      const sandbox = start({ cancelGraceMs: 500 });
      expect(await run(sandbox, 'SELECT 1')).toEqual([1]);
      // Planning so many joins takes minutes; DuckDB looks up in the first part of it only.
      const joins = Array.from({ length: 400 }, (_, i) => `JOIN range(1) t${i + 1} USING (range)`).join(' ');
      await expect(run(sandbox, `SELECT * FROM range(1) t0 ${joins}`, AbortSignal.timeout(ms))).rejects.toThrow(
        /timeout/,
      );
      await sandbox.idle();
      if (!sandbox.hasEnded) expect(await run(sandbox, 'SELECT 1')).toEqual([1]);
    },
    30_000,
  );

  it('keeps few batches on their way to a reader that doesn’t read, and goes on for one that does', async () => {
    const sandbox = start();
    const sql = "SELECT i, repeat('x', 1000) AS text FROM range(200000) t(i)";
    const { batches } = await sandbox.query([], sql, [], never);
    const reader = batches[Symbol.asyncIterator]();
    const first = await reader.next();
    expect(await run(sandbox, 'SELECT 1')).toEqual([1]);
    expect(sandbox.rowBytes).toBeLessThan(4 * (5 << 20));
    let rows = first.value!.numRows;
    for (let next = await reader.next(); !next.done; next = await reader.next()) {
      rows += next.value.numRows;
      expect(sandbox.rowBytes).toBeLessThan(4 * (5 << 20));
    }
    expect(rows).toBe(200_000);
    expect(sandbox.rowBytes).toBe(0);
  });

  it('hands on dictionaries, nulls, nested values and empty results', async () => {
    const sandbox = start();
    const sql = `SELECT (CASE WHEN i % 3 = 0 THEN NULL ELSE i END) AS n, (['a', 'b', 'c'])[1 + i % 3]::ENUM ('a', 'b', 'c') AS e,
      {'x': i, 'y': [i, NULL]} AS s FROM range(10000) t(i)`;
    let row = 0;
    for await (const batch of (await sandbox.query([], sql, [], never)).batches) {
      for (const { n, e, s } of batch) {
        expect([n, e, s.x, [...s.y]]).toEqual([
          row % 3 === 0 ? null : BigInt(row),
          'abc'[row % 3],
          BigInt(row),
          [BigInt(row), null],
        ]);
        row++;
      }
    }
    expect(row).toBe(10_000);
    const none = await sandbox.query([], 'SELECT 1 AS a WHERE false', [], never);
    expect([String(none.schema), await valuesOf(none)]).toEqual(['Schema<{ 0: a: Int32 }>', []]);
  });

  it('is ended when a cancelled statement doesn’t stop', async () => {
    const sandbox = start({ cancelGraceMs: 500 });
    // One call of one function, which takes a quarter of a minute and looks up at nothing.
    expect(await run(sandbox, 'SELECT 1')).toEqual([1]);
    const sql = "SELECT levenshtein(repeat('a', 60000), repeat('b', 60000))";
    await expect(run(sandbox, sql, AbortSignal.timeout(500))).rejects.toThrow(/timeout/);
    await sandbox.idle();
    expect(sandbox.hasEnded).toBe(true);
  }, 20_000);

  it('fails its calls when it dies', async () => {
    const sandbox = start();
    const waiting = [run(sandbox, slow), sandbox.parse('SELECT 1').then(() => run(sandbox, slow))];
    const outcomes = Promise.allSettled(waiting);
    setTimeout(() => sandbox.kill(), 500);
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: Status.UNAVAILABLE } });
    expect(ends.at(-1)).toBe('SIGKILL');
    await expect(run(sandbox, 'SELECT 1')).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    await sandbox.close();
    await sandbox.close();
  });
});
