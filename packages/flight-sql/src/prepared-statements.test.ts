import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { decodeAs, encodeCommand } from './command.ts';
import { action, all, flight, log, open, rows, sql, texts } from './testing/toy-service.ts';

beforeEach(() => open());
afterEach(() => flight.close());

describe('prepared statements', () => {
  it('tell their schemas', async () => {
    const { schema, parameters } = await sql.prepare('ECHO ?');
    expect([schema, parameters].map((item) => item?.fields.map(String))).toEqual([['value: Utf8'], ['1: Utf8']]);
    const plain = await sql.prepare('COUNT 3');
    expect([plain.schema?.fields.length, plain.parameters]).toEqual([1, undefined]);
    expect((await sql.prepare('TOUCH 3')).schema).toBeUndefined();
  });

  it('run once for each row of parameters, one after another', async () => {
    const statement = await sql.prepare('ECHO ?');
    expect(await rows(statement.query(texts('a')))).toEqual([['a']]);
    expect(await rows(statement.query(texts('x', null, 'z')))).toEqual([['x'], [null], ['z']]);
    expect(await rows(statement.query(texts()))).toEqual([]);
    const announced = await statement.query(texts());
    expect(announced.schema.fields.map(String)).toEqual(['value: Utf8']);
    await expect(rows(statement.query())).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
    await statement.close();
  });

  it('go on at another server', async () => {
    const body = encodeCommand('ActionCreatePreparedStatementRequest', { query: 'COUNT 2', transactionId: undefined });
    const [result] = await action('CreatePreparedStatement', body);
    const { preparedStatementHandle } = decodeAs('ActionCreatePreparedStatementResult', result!);
    await flight.close();
    open();
    const command = encodeCommand('CommandPreparedStatementQuery', { preparedStatementHandle });
    const { endpoints } = await flight.getFlightInfo({ command });
    await all(flight.doGet(endpoints[0]!.ticket));
    expect(log).toEqual(['COUNT 2']);
  });

  it('of a mistake fail at once', async () => {
    await expect(sql.prepare('nonsense')).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT });
  });

  it('bound to too many rows are refused', async () => {
    open({ parameterRowsMax: 2 }, { writable: true });
    const statement = await sql.prepare('ECHO ?');
    await expect(statement.query(texts('a', 'b', 'c'))).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
    expect(await (await sql.prepare('SET ?')).update(texts('a', 'b', 'c'))).toBe(3); // in one run, whatever they are
  });
});
