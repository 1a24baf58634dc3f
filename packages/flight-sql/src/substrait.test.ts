import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Status } from '@signaldb/grpc';
import { DoPutPreparedStatementResult } from '@signaldb/proto/arrow/flight/protocol/sql/flight_sql';
import { decodeAs, encodeCommand } from './command.ts';
import type { FlightSqlHandlers } from './handlers.ts';
import { toyHandlers } from './testing/toy-handlers.ts';
import { action, all, flight, open, openWith, rows, sql, texts } from './testing/toy-service.ts';
import { createHmacSeal } from './ticket-seal.ts';

beforeEach(() => open());
afterEach(() => flight.close());

const infoOf = async (...ids: number[]) => new Map((await rows(sql.getSqlInfo(ids))) as [number, unknown][]);

describe('Substrait plans', () => {
  const plan = { bytes: Buffer.from('COUNT 3'), version: '0.23.0' };

  it('are refused where nobody takes them', async () => {
    for (const work of [sql.query(plan), sql.prepare(plan), sql.getSchema(plan)]) {
      await expect(work).rejects.toMatchObject({
        code: Status.UNIMPLEMENTED,
        details: 'Substrait plans are not served here: send SQL',
      });
    }
    expect([...(await infoOf(5, 6, 7)).keys()]).toEqual([5]);
  });

  it('run as statements do, also prepared, at another server too', async () => {
    const seen: string[] = [];
    const { handlers } = toyHandlers();
    const textOf = ({ bytes, version }: { bytes: Uint8Array; version: string }) => {
      seen.push(version);
      return Buffer.from(bytes).toString();
    };
    const substrait: FlightSqlHandlers['substrait'] = {
      versions: { minimum: '0.20.0', maximum: '0.30.0' },
      prepare: (given, context) => handlers.prepare(textOf(given), context),
      query: ({ plan: given, ...run }, context) => handlers.query({ sql: textOf(given), ...run }, context),
    };
    const seal = createHmacSeal({ key: Buffer.alloc(32, 1), lifetimeMs: 1000 });
    openWith({ substrait }, { seal });
    expect(await rows(sql.query(plan))).toEqual([[0n], [1n], [2n]]);
    expect((await sql.getSchema(plan)).fields.map(String)).toEqual(['n: Int64']);
    const body = encodeCommand('ActionCreatePreparedSubstraitPlanRequest', {
      plan: { plan: Buffer.from('ECHO ?'), version: '0.23.0' },
      transactionId: undefined,
    });
    const [result] = await action('CreatePreparedSubstraitPlan', body);
    const { preparedStatementHandle } = decodeAs('ActionCreatePreparedStatementResult', result!);
    openWith({ substrait }, { seal });
    const command = encodeCommand('CommandPreparedStatementQuery', { preparedStatementHandle });
    async function* bound() {
      yield { descriptor: { command }, batch: texts('a', 'b') };
    }
    const [handle] = await all(flight.doPut(bound()));
    const info = await flight.getFlightInfo({
      command: encodeCommand('CommandPreparedStatementQuery', {
        preparedStatementHandle: DoPutPreparedStatementResult.decode(handle!).preparedStatementHandle!,
      }),
    });
    const messages = await all(flight.doGet(info.endpoints[0]!.ticket));
    expect(messages.flatMap(({ batch }) => (batch ? [batch.getChildAt(0)!.get(0)] : []))).toEqual(['a', 'b']);
    await expect(sql.update({ ...plan, bytes: Buffer.from('TOUCH 1') })).rejects.toMatchObject({
      details: 'only queries can be run here',
    });
    expect(new Set(seen)).toEqual(new Set(['0.23.0']));
    expect([...(await infoOf(5, 6, 7)).values()]).toEqual([true, '0.20.0', '0.30.0']);
  });
});
