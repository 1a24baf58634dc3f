import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import type { SqlTransaction } from './client.ts';
import { encodeCommand } from './command.ts';
import type { SqlTransactions } from './handlers.ts';
import { toyHandlers } from './testing/toy-handlers.ts';
import { action, all, flight, log, open, openWith, rows, sql, texts } from './testing/toy-service.ts';

beforeEach(() => open());
afterEach(() => flight.close());

/** Transactions that only write down what they are told. */
function notedTransactions(noted: string[], savepoints: boolean): SqlTransactions {
  return {
    begin: async () => {
      noted.push('begin');
      return Buffer.from('t1');
    },
    end: async (id, how) => void noted.push(`${how} ${id}`),
    ...(savepoints && {
      beginSavepoint: async (id: Uint8Array, name: string) => {
        noted.push(`savepoint ${id} ${name}`);
        return Buffer.from('s1');
      },
      endSavepoint: async (id: Uint8Array, how: string) => void noted.push(`${how} ${id}`),
    }),
  };
}

const infoOf = async (...ids: number[]) => new Map((await rows(sql.getSqlInfo(ids))) as [number, unknown][]);

describe('transactions', () => {
  it('and savepoints are told apart by their ids', async () => {
    const noted: string[] = [];
    openWith({ transactions: notedTransactions(noted, true) });
    const transaction = await sql.begin();
    const savepoint = await transaction.savepoint('here');
    await savepoint.rollback();
    await (await transaction.savepoint('')).release();
    await transaction.commit();
    await (await sql.begin()).rollback();
    expect(noted).toEqual([
      'begin',
      'savepoint t1 here',
      'ROLLBACK s1',
      'savepoint t1 ',
      'RELEASE s1',
      'COMMIT t1',
      'begin',
      'ROLLBACK t1',
    ]);
    expect([...(await infoOf(8, 11, 563, 573)).values()]).toEqual([2, true, true, true]);
    const types = (await all(flight.listActions())).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['BeginTransaction', 'EndSavepoint']));
  });

  it('come with every statement that names them', async () => {
    const seen: unknown[] = [];
    const note = (transaction: Uint8Array | undefined) => seen.push(transaction && String(transaction));
    const { handlers } = toyHandlers({ writable: true });
    openWith({
      transactions: notedTransactions([], false),
      prepare: (text, context, transaction) => {
        note(transaction);
        return handlers.prepare(text, context);
      },
      query: (statement, context) => {
        note(statement.transaction);
        return handlers.query(statement, context);
      },
      update: async ({ transaction }) => {
        note(transaction);
        return 1;
      },
      ingest: async ({ transaction }, messages) => {
        for await (const _ of messages);
        note(transaction);
        return 1;
      },
    });
    const transaction = await sql.begin();
    const options = { transaction };
    const count = async (work: Promise<unknown>, calls: number) => {
      await work;
      expect(seen.splice(0)).toEqual(Array(calls).fill('t1'));
    };
    await count(rows(sql.query('COUNT 1', options)), 2);
    await count(sql.getSchema('COUNT 1', options), 1);
    await count(sql.update('TOUCH 1', options), 1);
    const statement = await sql.prepare('ECHO ?', options);
    await count(rows(statement.query(texts('a'))), 3);
    await count((await sql.prepare('SET ?', options)).update(texts('a')), 2);
    await count(sql.ingest({ table: 't', mode: 'append' }, texts('a').schema, [texts('a')], options), 1);
    await rows(sql.query('COUNT 1'));
    expect(seen).toEqual([undefined, undefined]);
    await expect(transaction.savepoint('s')).rejects.toMatchObject({
      code: Status.UNIMPLEMENTED,
      details: 'BeginSavepoint is not served: there are transactions here, but no savepoints',
    });
  });

  it('that aren’t there are refused with what to do', async () => {
    open({}, { writable: true });
    for (const type of ['BeginTransaction', 'EndTransaction', 'BeginSavepoint', 'EndSavepoint']) {
      await expect(action(type)).rejects.toMatchObject({
        code: Status.UNIMPLEMENTED,
        details: `${type} is not served: there are no transactions here: every statement takes effect by itself (leave autocommit on)`,
      });
    }
    const transaction = { id: Buffer.from('t9') } as unknown as SqlTransaction;
    const ingest = sql.ingest({ table: 't', mode: 'append' }, texts('a').schema, [texts('a')], { transaction });
    for (const work of [sql.query('COUNT 1', { transaction }), sql.update('TOUCH 1', { transaction }), ingest]) {
      await expect(work).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    }
    expect(log).toEqual([]);
  });

  it('end with COMMIT or ROLLBACK, nothing else', async () => {
    openWith({ transactions: notedTransactions([], true) });
    const transactionId = Buffer.from('t1');
    const end = encodeCommand('ActionEndTransactionRequest', { transactionId, action: 0 });
    await expect(action('EndTransaction', end)).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    const release = encodeCommand('ActionEndSavepointRequest', { savepointId: transactionId, action: 9 as never });
    await expect(action('EndSavepoint', release)).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });
});
