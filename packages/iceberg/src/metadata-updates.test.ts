import { describe, expect, it } from '@jest/globals';
import type { CatalogErrorCode } from './catalog-error.ts';
import { newTableMetadata } from './create-table.ts';
import { parseJson, stringifyJson } from './json.ts';
import { applyUpdates, type TableUpdate } from './metadata-updates.ts';
import { checkRequirements, type TableRequirement } from './requirements.ts';
import type { Snapshot } from './snapshot.ts';
import { asTableMetadata, parseTableMetadata, type TableMetadata } from './table-metadata.ts';
import { golden } from './testing/golden.ts';

const table = newTableMetadata(
  {
    name: 't',
    schema: {
      type: 'struct',
      'schema-id': 0,
      fields: [
        { id: 1, name: 'id', required: true, type: 'long' },
        { id: 2, name: 'time', required: false, type: 'timestamptz' },
      ],
    },
    properties: { a: '1', b: '2' },
  },
  { uuid: '0b1ca9a4-6a2c-4f5c-8a44-000000000001', location: 'memory://warehouse/default/t', nowMs: 1_000 },
);
const snapshot = (id: number, more: Partial<Snapshot> = {}): Snapshot => ({
  'snapshot-id': id,
  'sequence-number': id,
  'timestamp-ms': 1_000 + id,
  'manifest-list': `memory://warehouse/default/t/metadata/snap-${id}.avro`,
  summary: { operation: 'append' },
  ...more,
});
const add = (id: number, more: Partial<Snapshot> = {}): TableUpdate => ({
  action: 'add-snapshot',
  snapshot: snapshot(id, more),
});
const setRef = (name: string, id: number, type: 'branch' | 'tag' = 'branch'): TableUpdate => ({
  action: 'set-snapshot-ref',
  'ref-name': name,
  'snapshot-id': id,
  type,
});
const widerSchema = {
  type: 'struct' as const,
  'schema-id': 99,
  fields: [...table.schemas[0]!.fields, { id: 3, name: 'more', required: false, type: 'string' }],
};
const hourSpec = { 'spec-id': 0, fields: [{ 'source-id': 2, name: 'time_hour', transform: 'hour' }] } as never;
const byId = {
  'order-id': 7,
  fields: [{ 'source-id': 1, transform: 'identity', direction: 'asc' as const, 'null-order': 'nulls-first' as const }],
};
const after = (updates: TableUpdate[], base: TableMetadata = table, now = 5_000) => applyUpdates(base, updates, now);
/** Main at 3, with a tag on 1. */
const grown = after([
  add(1),
  setRef('main', 1),
  setRef('v1', 1, 'tag'),
  add(2),
  setRef('main', 2),
  add(3),
  setRef('main', 3),
]);

describe('applyUpdates', () => {
  const cases: [string, TableUpdate[], object][] = [
    ['another uuid', [{ action: 'assign-uuid', uuid: 'x' }], { 'table-uuid': 'x', 'last-updated-ms': 5_000 }],
    [
      'a schema',
      [
        { action: 'add-schema', schema: widerSchema },
        { action: 'set-current-schema', 'schema-id': -1 },
      ],
      { 'last-column-id': 3, 'current-schema-id': 1, schemas: [table.schemas[0], { ...widerSchema, 'schema-id': 1 }] },
    ],
    [
      'a schema that is there already',
      [
        { action: 'add-schema', schema: { ...table.schemas[0]!, 'schema-id': 5 }, 'last-column-id': 9 },
        { action: 'set-current-schema', 'schema-id': -1 },
      ],
      { 'last-column-id': 9, 'current-schema-id': 0, schemas: table.schemas },
    ],
    [
      'a spec without ids',
      [
        { action: 'add-spec', spec: hourSpec },
        { action: 'set-default-spec', 'spec-id': -1 },
      ],
      {
        'default-spec-id': 1,
        'last-partition-id': 1000,
        'partition-specs': [{ 'spec-id': 0 }, { 'spec-id': 1, fields: [{ 'field-id': 1000 }] }],
      },
    ],
    [
      'a sort order',
      [
        { action: 'add-sort-order', 'sort-order': byId },
        { action: 'set-default-sort-order', 'sort-order-id': -1 },
      ],
      { 'default-sort-order-id': 1, 'sort-orders': [{ 'order-id': 0 }, { ...byId, 'order-id': 1 }] },
    ],
    [
      'a snapshot of main',
      [add(1), setRef('main', 1)],
      {
        'current-snapshot-id': 1,
        'last-sequence-number': 1,
        'last-updated-ms': 1_001,
        snapshots: [snapshot(1)],
        'snapshot-log': [{ 'timestamp-ms': 1_001, 'snapshot-id': 1 }],
        refs: { main: { 'snapshot-id': 1, type: 'branch' } },
      },
    ],
    [
      'a staged snapshot',
      [add(1)],
      { 'current-snapshot-id': -1, snapshots: [snapshot(1)], 'snapshot-log': [], refs: {} },
    ],
    [
      'properties',
      [
        { action: 'set-properties', updates: { b: '3', c: '4' } },
        { action: 'remove-properties', removals: ['a', 'none'] },
      ],
      { properties: { b: '3', c: '4' } },
    ],
    ['a location', [{ action: 'set-location', location: 'memory://x' }], { location: 'memory://x' }],
  ];

  it.each(cases)('makes of a new table one with %s', (_what, updates, expected) => {
    const changed = after(updates);
    expect(changed).toMatchObject(expected);
    expect(changed).not.toBe(table);
  });

  it.each([
    ['no updates', []],
    ['the uuid it has', [{ action: 'assign-uuid', uuid: table['table-uuid'] }]],
    ['version 2', [{ action: 'upgrade-format-version', 'format-version': 2 }]],
    ['the properties it has', [{ action: 'set-properties', updates: { a: '1' } }]],
    [
      'removal of what is missing',
      [
        { action: 'remove-properties', removals: ['z'] },
        { action: 'remove-snapshot-ref', 'ref-name': 'z' },
        { action: 'remove-snapshots', 'snapshot-ids': [5] },
      ],
    ],
    [
      'its own schema',
      [
        { action: 'add-schema', schema: table.schemas[0]! },
        { action: 'set-current-schema', 'schema-id': -1 },
      ],
    ],
  ] as [string, TableUpdate[]][])('leaves a table alone for %s', (_what, updates) => {
    expect(after(updates)).toBe(table);
  });

  const grownCases: [string, TableUpdate[], object][] = [
    [
      'rolled back',
      [setRef('main', 2)],
      {
        'current-snapshot-id': 2,
        'snapshot-log': [{}, {}, {}, { 'timestamp-ms': 5_000, 'snapshot-id': 2 }],
        'last-updated-ms': 5_000,
      },
    ],
    [
      'without its oldest snapshot',
      [{ action: 'remove-snapshots', 'snapshot-ids': [1] }],
      {
        snapshots: [{ 'snapshot-id': 2 }, { 'snapshot-id': 3 }],
        'snapshot-log': [{ 'snapshot-id': 2 }, { 'snapshot-id': 3 }],
        refs: { main: { 'snapshot-id': 3 } },
      },
    ],
    [
      'with a gap in its history',
      [{ action: 'remove-snapshots', 'snapshot-ids': [2] }],
      { 'snapshot-log': [{ 'snapshot-id': 3 }] },
    ],
    [
      'without main',
      [{ action: 'remove-snapshot-ref', 'ref-name': 'main' }],
      { 'current-snapshot-id': -1, refs: { v1: { type: 'tag' } } },
    ],
    [
      'without its current snapshot',
      [{ action: 'remove-snapshots', 'snapshot-ids': [3] }],
      { 'current-snapshot-id': -1 },
    ],
    [
      'with statistics',
      [
        { action: 'set-statistics', statistics: { 'snapshot-id': 3, 'statistics-path': 'p' } },
        { action: 'set-statistics', statistics: { 'snapshot-id': 3, 'statistics-path': 'q' } },
        { action: 'set-partition-statistics', 'partition-statistics': { 'snapshot-id': 2, 'statistics-path': 'r' } },
      ],
      { statistics: [{ 'statistics-path': 'q' }], 'partition-statistics': [{ 'statistics-path': 'r' }] },
    ],
  ];

  it.each(grownCases)('makes of a table one %s', (_what, updates, expected) => {
    expect(after(updates, grown)).toMatchObject(expected);
  });

  it('takes statistics away, by hand or with their snapshot', () => {
    const both = after([{ action: 'set-statistics', statistics: { 'snapshot-id': 1, 'statistics-path': 'p' } }], grown);
    expect(after([{ action: 'remove-statistics', 'snapshot-id': 1 }], both).statistics).toEqual([]);
    expect(after([{ action: 'remove-snapshots', 'snapshot-ids': [1] }], both).statistics).toEqual([]);
  });

  it('drops specs and schemas that are not in use', () => {
    const two = after([
      { action: 'add-schema', schema: widerSchema },
      { action: 'set-current-schema', 'schema-id': 1 },
      { action: 'add-spec', spec: hourSpec },
      { action: 'set-default-spec', 'spec-id': -1 },
    ]);
    const one = after(
      [
        { action: 'remove-schemas', 'schema-ids': [0] },
        { action: 'remove-partition-specs', 'spec-ids': [0] },
      ],
      two,
    );
    expect(one.schemas.map((schema) => schema['schema-id'])).toEqual([1]);
    expect(one['partition-specs'].map((spec) => spec['spec-id'])).toEqual([1]);
    expect(
      after([{ action: 'add-schema', schema: table.schemas[0]! }], one).schemas.map((schema) => schema['schema-id']),
    ).toEqual([1, 2]);
  });

  it.each([
    ['another format version', 'ValidationException', [{ action: 'upgrade-format-version', 'format-version': 3 }]],
    ['format version 1', 'ValidationException', [{ action: 'upgrade-format-version', 'format-version': 1 }]],
    ['a schema that is not there', 'ValidationException', [{ action: 'set-current-schema', 'schema-id': 4 }]],
    ['the last schema when none was added', 'ValidationException', [{ action: 'set-current-schema', 'schema-id': -1 }]],
    ['the last spec when none was added', 'ValidationException', [{ action: 'set-default-spec', 'spec-id': -1 }]],
    [
      'a sort order that is not there',
      'ValidationException',
      [{ action: 'set-default-sort-order', 'sort-order-id': 3 }],
    ],
    [
      'a spec over a missing column',
      'ValidationException',
      [
        {
          action: 'add-spec',
          spec: { 'spec-id': 1, fields: [{ 'field-id': 1000, 'source-id': 9, name: 'x', transform: 'hour' }] },
        },
      ],
    ],
    [
      'a spec named as a column',
      'ValidationException',
      [
        {
          action: 'add-spec',
          spec: { 'spec-id': 1, fields: [{ 'field-id': 1000, 'source-id': 2, name: 'id', transform: 'hour' }] },
        },
      ],
    ],
    [
      'a spec with a name twice',
      'ValidationException',
      [
        {
          action: 'add-spec',
          spec: {
            'spec-id': 1,
            fields: [
              { 'field-id': 1000, 'source-id': 2, name: 'x', transform: 'hour' },
              { 'field-id': 1001, 'source-id': 2, name: 'x', transform: 'day' },
            ],
          },
        },
      ],
    ],
    [
      'a sort order over a missing column',
      'ValidationException',
      [{ action: 'add-sort-order', 'sort-order': { 'order-id': 1, fields: [{ ...byId.fields[0]!, 'source-id': 9 }] } }],
    ],
    [
      'a last column id that falls',
      'ValidationException',
      [{ action: 'add-schema', schema: widerSchema, 'last-column-id': 1 }],
    ],
    ['removal of the current schema', 'ValidationException', [{ action: 'remove-schemas', 'schema-ids': [0] }]],
    ['removal of the default spec', 'ValidationException', [{ action: 'remove-partition-specs', 'spec-ids': [0] }]],
    ['a snapshot twice', 'ValidationException', [add(1), add(1)]],
    [
      'a sequence number that does not grow',
      'CommitFailedException',
      [add(5), add(6, { 'sequence-number': 5, 'parent-snapshot-id': 5 })],
    ],
    ['a snapshot of long ago', 'ValidationException', [add(1, { 'timestamp-ms': -60_000 })]],
    ['a ref to a missing snapshot', 'ValidationException', [setRef('main', 1)]],
    ['main as a tag', 'ValidationException', [add(1), setRef('main', 1, 'tag')]],
    ['an unknown action', 'BadRequestException', [{ action: 'enable-row-lineage' }]],
    ['an action that is a property of every object', 'BadRequestException', [{ action: 'toString' }]],
  ] as [string, CatalogErrorCode, TableUpdate[]][])('refuses %s', (_what, code, updates) => {
    expect(() => after(updates)).toThrow(expect.objectContaining({ code }));
  });

  it('keeps a partition field id when a field comes back', () => {
    const daySpec = { 'spec-id': 0, fields: [{ 'source-id': 2, name: 'time_day', transform: 'day' }] } as never;
    const changed = after([
      { action: 'add-spec', spec: hourSpec },
      { action: 'add-spec', spec: daySpec },
      {
        action: 'add-spec',
        spec: {
          'spec-id': 0,
          fields: [...(daySpec as { fields: never[] }).fields, ...(hourSpec as { fields: never[] }).fields],
        },
      },
    ]);
    expect(changed['partition-specs'].at(-1)!.fields.map((field) => field['field-id'])).toEqual([1001, 1000]);
  });
});

describe('checkRequirements', () => {
  it.each([
    { type: 'assert-table-uuid', uuid: table['table-uuid'].toUpperCase() },
    { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 3 },
    { type: 'assert-ref-snapshot-id', ref: 'none', 'snapshot-id': null },
    { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 2 },
    { type: 'assert-current-schema-id', 'current-schema-id': 0 },
    { type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 999 },
    { type: 'assert-default-spec-id', 'default-spec-id': 0 },
    { type: 'assert-default-sort-order-id', 'default-sort-order-id': 0 },
  ] as TableRequirement[])('holds: %j', (requirement) => {
    expect(() => checkRequirements(grown, [requirement])).not.toThrow();
  });

  it.each([
    [{ type: 'assert-create' }, 'already exists'],
    [{ type: 'assert-table-uuid', uuid: 'x' }, 'UUID has changed'],
    [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 2 }, 'expected id 2 != 3'],
    [{ type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null }, 'created concurrently'],
    [{ type: 'assert-ref-snapshot-id', ref: 'none', 'snapshot-id': 1 }, 'is missing'],
    [{ type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 1 }, 'field id has changed'],
    [{ type: 'assert-current-schema-id', 'current-schema-id': 1 }, 'schema has changed'],
    [{ type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 1000 }, 'partition id has changed'],
    [{ type: 'assert-default-spec-id', 'default-spec-id': 1 }, 'spec has changed'],
    [{ type: 'assert-default-sort-order-id', 'default-sort-order-id': 1 }, 'sort order has changed'],
  ] as [TableRequirement, string][])('fails: %j', (requirement, message) => {
    const failure = expect.objectContaining({
      code: 'CommitFailedException',
      message: expect.stringContaining(message),
    });
    expect(() => checkRequirements(grown, [requirement])).toThrow(failure);
  });

  it('refuses requirements that it does not know', () => {
    const unknown = [{ type: 'assert-weather' }] as never;
    expect(() => checkRequirements(grown, unknown)).toThrow(expect.objectContaining({ code: 'BadRequestException' }));
  });

  it('holds for a table that is not there only when it shall be created', () => {
    expect(() => checkRequirements(undefined, [{ type: 'assert-create' }])).not.toThrow();
    const other: TableRequirement = { type: 'assert-default-spec-id', 'default-spec-id': 0 };
    expect(() => checkRequirements(undefined, [other])).toThrow('does not exist');
  });
});

describe('table metadata', () => {
  it('is read as PyIceberg wrote it, ids and all', () => {
    const text = golden('table.metadata.json').toString();
    const metadata = parseTableMetadata(text);
    expect(metadata.snapshots.length).toBeGreaterThan(1);
    expect(text).toContain(`"current-snapshot-id":${metadata['current-snapshot-id']}`);
    expect(metadata.refs.main!['snapshot-id']).toBe(metadata['current-snapshot-id']);
  });

  it('is filled in where others leave out what is optional', () => {
    const { refs: _refs, snapshots: _s, 'sort-orders': _o, statistics: _t, ...sparse } = table;
    expect(asTableMetadata({ ...sparse, 'current-snapshot-id': null })).toEqual(table);
    expect(asTableMetadata({ ...grown, refs: undefined }).refs).toEqual({ main: { 'snapshot-id': 3, type: 'branch' } });
  });

  it.each([
    [null],
    [{}],
    ['text'],
    [{ ...table, 'format-version': 1 }],
    [{ ...table, 'format-version': 3 }],
    [{ ...table, schemas: undefined }],
  ])('is refused when it is none of version 2 (%#)', (json) => {
    expect(() => asTableMetadata(json)).toThrow(expect.objectContaining({ code: 'BadRequestException' }));
  });
});

describe('JSON', () => {
  it.each([
    ['{"id":9007199254740993}', { id: 9_007_199_254_740_993n }],
    ['[-9223372036854775808,1]', [-(2n ** 63n), 1]],
    ['{"a":1.5,"b":9007199254740991,"c":"9007199254740993"}', { a: 1.5, b: 2 ** 53 - 1, c: '9007199254740993' }],
  ])('keeps integers exact: %s', (text, value) => {
    expect(parseJson(text)).toEqual(value);
    expect(stringifyJson(value)).toBe(text);
  });

  it('keeps floating point numbers what they are', () => {
    expect(parseJson('[1e30,0.12345678901234568]')).toEqual([1e30, 0.12345678901234568]);
  });
});
