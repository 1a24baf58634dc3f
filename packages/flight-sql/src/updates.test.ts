import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { encodeCommand } from './command.ts';
import type { IngestRequest } from './ingest-request.ts';
import { all, flight, log, open, openWith, sql, texts } from './testing/toy-service.ts';

beforeEach(() => open());
afterEach(() => flight.close());

describe('updates', () => {
  it('are refused where nothing can be written, a mistake first', async () => {
    await expect(sql.update('TOUCH 3')).rejects.toMatchObject({ details: 'only queries can be run here' });
    await expect(sql.update('nonsense')).rejects.toMatchObject({ details: expect.stringContaining('means nothing') });
  });

  it('run once, and once for each row of parameters', async () => {
    open({}, { writable: true });
    expect(await sql.update('TOUCH 3')).toBe(3);
    const statement = await sql.prepare('SET ?');
    expect(await statement.update(texts('a', 'b'))).toBe(2);
    expect(log).toEqual(['TOUCH 3', 'SET ? [a]', 'SET ? [b]']);
  });

  it('take effect in GetFlightInfo: some drivers never fetch', async () => {
    open({}, { writable: true });
    const info = await flight.getFlightInfo({
      command: encodeCommand('CommandStatementQuery', { query: 'TOUCH 5', transactionId: undefined }),
    });
    expect([info.endpoints, info.totalRecords]).toEqual([[], 5]);
    expect(log).toEqual(['TOUCH 5']);
  });

  it('by bulk ingest count their rows, also none', async () => {
    open({}, { writable: true });
    const command = encodeCommand('CommandStatementIngest', {
      table: 't',
      temporary: false,
      options: {},
      tableDefinitionOptions: { ifNotExist: 1, ifExists: 2 },
      schema: undefined,
      catalog: undefined,
      transactionId: undefined,
    });
    async function* messages() {
      yield { descriptor: { command }, batch: texts('a', 'b') };
      yield { batch: texts('c') };
    }
    expect((await all(flight.doPut(messages()))).length).toBe(1);
    expect(log).toEqual(['INGEST t 3']);
    async function* nothing() {}
    expect((await all(flight.doPut(nothing()))).map((result) => result.length)).toEqual([0]);
  });
});

describe('bulk ingest', () => {
  it('is told as a request, in every mode', async () => {
    const seen: IngestRequest[] = [];
    openWith({
      ingest: async (request, messages) => {
        seen.push(request);
        const schemas: unknown[] = [];
        for await (const { schema } of messages) if (schema) schemas.push(String(schema));
        expect(schemas).toEqual([String(texts().schema)]);
        return 0;
      },
    });
    const target = { table: 't', options: { a: 'b' } };
    for (const mode of ['create', 'append', 'replace', 'create_append'] as const) {
      expect(await sql.ingest({ ...target, mode }, texts().schema, [])).toBe(0);
    }
    expect(seen.map(({ ifMissing, ifExists }) => `${ifMissing} ${ifExists}`)).toEqual([
      'create fail',
      'fail append',
      'create replace',
      'create append',
    ]);
    await sql.ingest({ table: 't', catalog: '', schema: 's', mode: 'append', temporary: true }, texts().schema, []);
    expect(seen.at(-1)).toEqual({
      catalog: '',
      schema: 's',
      table: 't',
      temporary: true,
      ifMissing: 'fail',
      ifExists: 'append',
      options: {},
    });
    expect(seen[0]!.options).toEqual({ a: 'b' });
  });

  it.each([
    ['a name', { table: '', tableDefinitionOptions: { ifNotExist: 1, ifExists: 1 } }, 'names no table'],
    ['options', { table: 't', tableDefinitionOptions: undefined }, 'lack if_not_exist'],
    [
      'what to do where it is',
      { table: 't', tableDefinitionOptions: { ifNotExist: 2, ifExists: 0 } },
      'lack if_exists',
    ],
  ] as const)('without %s is refused', async (_, message, details) => {
    open({}, { writable: true });
    const command = encodeCommand('CommandStatementIngest', { temporary: false, options: {}, ...message });
    async function* messages() {
      yield { descriptor: { command }, batch: texts('a') };
    }
    await expect(all(flight.doPut(messages()))).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: expect.stringContaining(details),
    });
    expect(log).toEqual([]);
  });
});
