// Every statement of docs/sql.md, run on data that it is about.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeIpcStream } from '@signaldb/flight';
import { type RecordBatch, Table, Utf8, type Vector, vectorFromArray } from 'apache-arrow';
import { epochNs, tracesOf } from '../testing/spans.ts';
import { TestQuerier } from '../testing/test-querier.ts';
import { TestWorld } from '../testing/test-world.ts';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/sql.md'), 'utf8');
const statements = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql!.trim());
const isWrite = (sql: string): boolean => /^(CREATE|INSERT|DROP)/.test(sql);

let world: TestWorld;
let querier: TestQuerier;
const trace = '5b8efff798038103d269b633813fc60c';
const resource = { 'deployment.environment': 'production' };
beforeAll(async () => {
  world = await TestWorld.open();
  querier = new TestQuerier(world);
  const exception = { 'exception.type': 'Timeout', 'exception.message': 'no answer' };
  await world.write(
    'traces',
    tracesOf([
      { trace, id: '1', kind: 2, durationNs: 200_000_000, resource, attributes: { 'http.route': '/pay' } },
      { trace, id: '2', parent: '1', kind: 3, status: 2, durationNs: 150_000_000, resource, events: [{ name: 'exception', attributes: exception }], attributes: { 'http.route': '/pay' } },
      { trace, id: '3', parent: '2', kind: 2, status: 2, service: 'bank', resource, at: 5_000_000, durationNs: 120_000_000, attributes: { 'retry.policy': { attempts: 3 } } },
    ]),
  ); // biome-ignore format: a table
  const record = (more: object) => ({ timeUnixNano: String(epochNs), traceId: trace, ...more });
  const attributes = [{ key: 'user', value: { stringValue: 'ada' } }];
  await world.write('logs', {
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              record({
                severityNumber: 17,
                spanId: '2'.padStart(16, '0'),
                body: { stringValue: 'payment failed' },
                attributes,
              }),
              record({ severityNumber: 9, body: { stringValue: 'hello' } }),
            ],
          },
        ],
      },
    ],
  });
  const gauge = { dataPoints: [{ timeUnixNano: String(epochNs), asDouble: 0.5 }] };
  await world.write('metrics', {
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'cpu', unit: '1', gauge }] }] }],
  });
  await world.commit();
  await world.catalog.createTable('default', {
    name: 'orders',
    schema: {
      type: 'struct',
      'schema-id': 0,
      'identifier-field-ids': [1],
      fields: [
        { id: 1, name: 'id', required: true, type: 'long' },
        { id: 2, name: 'customer', required: true, type: 'string' },
        { id: 3, name: 'total', required: false, type: 'decimal(9, 2)' },
        { id: 4, name: 'placed', required: false, type: 'timestamp' },
      ],
    },
  });
});
afterAll(async () => {
  await querier.close();
  await world.close();
});

/** The values that stand behind a statement, as text and whole numbers. */
function parametersOf(sql: string): { parameters?: string } {
  const [, list] = /-- (.*)$/.exec(sql) ?? [];
  if (list === undefined) return {};
  const values = list.split(', ').map((text): Vector => {
    return text.startsWith("'") ? vectorFromArray([text.slice(1, -1)], new Utf8()) : vectorFromArray([BigInt(text)]);
  });
  const [batch] = new Table(Object.fromEntries(values.map((value, i) => [`p${i}`, value]))).batches as [RecordBatch];
  return { parameters: Buffer.concat(encodeIpcStream({ schema: batch.schema, batches: [batch] })).toString('base64') };
}

describe('docs/sql.md', () => {
  it('has statements of each kind', () => {
    expect(statements.length).toBeGreaterThan(25);
    expect(statements.filter(isWrite).length).toBeGreaterThan(3);
  });

  it.each(statements.filter((sql) => !isWrite(sql)))('%s', async (sql) => {
    const { rows, schema } = await querier.sql(sql, parametersOf(sql));
    // What is written is another service's to write: the table is there, and empty.
    if (/FROM orders/.test(sql)) expect(schema!.fields).not.toHaveLength(0);
    else expect(rows).not.toHaveLength(0);
  });

  it.each(statements.filter(isWrite))('%s', async (sql) => {
    const [described] = (await querier.action('describe', { sql })) as unknown as [{ statement_type: string }];
    expect(described.statement_type).toMatch(/^(CREATE_TABLE|CREATE_TABLE_AS|INSERT|DROP_TABLE)$/);
    const { messages } = await querier.get({ kind: 'write', sql });
    const [first] = messages;
    expect(JSON.parse(Buffer.from(first!.appMetadata!).toString())).toHaveProperty('action');
    if (/^INSERT|AS SELECT/.test(sql)) expect(messages.some(({ batch }) => (batch?.numRows ?? 0) > 0)).toBe(true);
  });

  it('names every function and view that there is', async () => {
    const { builtinViews } = await import('./builtins/views.ts');
    const { scalarFunctions } = await import('./builtins/scalar-functions.ts');
    const { tableFunctions } = await import('./builtins/table-functions.ts');
    for (const { name } of [...builtinViews, ...scalarFunctions, ...tableFunctions])
      expect(page).toContain(`\`${name}`);
  });

  it('draws a trace as a tree, with the time that each span spent itself', async () => {
    const { rows } = await querier.sql(
      `SELECT span, depth, offset_ms, duration_ms, self_ms, status FROM trace_tree('${trace}')`,
    );
    expect(rows).toEqual([
      { span: 'work', depth: 0, offset_ms: 0, duration_ms: 200, self_ms: 50, status: 'unset' },
      { span: '  work', depth: 1, offset_ms: 0, duration_ms: 150, self_ms: 30, status: 'error' },
      { span: '    work', depth: 2, offset_ms: 5, duration_ms: 120, self_ms: 120, status: 'error' },
    ]);
  });
});
