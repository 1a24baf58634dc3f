import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { signalTables, tablesOf } from './index.ts';

const documentation = readFileSync(join(import.meta.dirname, '../../../docs/formats/tables.md'), 'utf8');

describe.each(Object.values(signalTables))(
  'table $name',
  ({ name, signal, baseSchema, timeColumn, sortKey, primaryKey, comment, columnComments, attributeScopes }) => {
    it('is documented, column by column', () => {
      expect(documentation).toContain(`\`${name}\``);
      for (const field of baseSchema.fields) expect(documentation).toContain(`\`${field.name}\``);
    });

    it('says what a row and each column is', () => {
      expect(comment).toMatch(/one row a /);
      const undocumented = baseSchema.names.filter((column) => !columnComments[column as string]);
      expect(undocumented).toEqual([]);
    });

    it('belongs to its signal and has the columns that it is sorted by', () => {
      expect(tablesOf(signal)).toContain(name);
      for (const column of [...sortKey, ...primaryKey, timeColumn, 'hour']) expect(baseSchema.names).toContain(column);
      for (const scope of attributeScopes) expect(baseSchema.names).toContain(`${scope}_overflow`);
    });

    it('lets only ids and times be not null', () => {
      const required = baseSchema.fields.filter((field) => !field.nullable).map((field) => field.name);
      const ids = name === 'traces' ? ['trace_id', 'span_id'] : [];
      expect(required.sort()).toEqual(['hour', timeColumn, ...ids].sort());
    });
  },
);
