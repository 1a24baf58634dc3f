import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { borrowConnection } from './borrow.ts';
import type { Connection } from './connection.ts';
import { type Database, openDatabase } from './database.ts';

let database: Database;
let connection: Connection;
beforeAll(() => {
  database = openDatabase({ threads: 2 });
  connection = database.connect();
});
afterAll(() => database.close());

describe('a lent connection', () => {
  it('is at work for its owner until it is released, and keeps what was made on it', async () => {
    await connection.run('CREATE TEMP TABLE t AS SELECT 7 AS a');
    const loan = connection.lend();
    await expect(connection.run('SELECT 1')).rejects.toMatchObject({ kind: 'Busy' });
    expect(() => connection.lend()).toThrow(expect.objectContaining({ kind: 'Busy' }));
    const borrowed = borrowConnection(loan.address);
    expect((await (await borrowed.query('SELECT a FROM t')).table()).toArray().map(Number)).toHaveLength(1);
    await borrowed.close();
    loan.release();
    loan.release();
    loan.interrupt();
    expect(await connection.run('DROP TABLE t')).toBe(0);
  });

  it('looks before each call whether the query is still wanted', async () => {
    const loan = connection.lend();
    const abort = new AbortController();
    let calls = 0;
    const borrowed = borrowConnection(loan.address, {
      beforeCall: () => {
        if (++calls === 20) abort.abort(new Error('not wanted any more'));
      },
    });
    const result = await borrowed.query('SELECT i FROM range(100000000) t(i)', { signal: abort.signal });
    await expect(result.batches()).rejects.toThrow('not wanted any more');
    expect(calls).toBeLessThan(25);
    loan.release();
    expect(await connection.run('SELECT 1')).toBe(0);
  });
});

it('takes one memory for all batches where that is asked for', async () => {
  const sql = `SELECT i AS a, 'text ' || i AS s, i % 3 = 0 AS b, [i, NULL] AS l, CASE WHEN i % 5 > 0 THEN i END AS n
    FROM range(50000) t(i)`;
  const apart = await (await connection.query(sql)).batches();
  const buffers = new Set<ArrayBufferLike>();
  const batches: string[] = [];
  const result = await connection.query(sql, { reuseMemory: true, batchRows: 4096 });
  for await (const batch of result) {
    buffers.add(batch.getChild('a')!.data[0]!.values.buffer);
    for (const row of batch) batches.push(String(row));
  }
  expect(batches).toEqual(apart.flatMap((batch) => [...batch].map(String)));
  expect(batches).toHaveLength(50_000);
  expect(buffers.size).toBe(1);
});
