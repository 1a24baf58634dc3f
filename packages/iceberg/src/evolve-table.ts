import type { Schema } from 'apache-arrow';
import type { Catalog, LoadTableResult } from './catalog.ts';
import { commitWithRetry, type RetryOptions } from './commit-loop.ts';
import { type MappedField, nameMapping, nameMappingProperty, updateNameMapping } from './name-mapping.ts';
import { evolveSchema } from './schema-evolution.ts';
import { currentSchema, type TableMetadata } from './table-metadata.ts';

export interface EvolveTableOptions {
  readonly base?: LoadTableResult | undefined;
  readonly retry?: RetryOptions;
  readonly signal?: AbortSignal;
}

/**
 * Makes a table hold the rows of an Arrow schema as well: columns are added and types widened, see {@link evolveSchema}.
 * Several writers may do so at once; each ends with the columns of all. Nothing is committed when nothing is missing.
 * Throws SchemaError for a change that can't be made.
 */
export async function evolveTable(
  catalog: Catalog,
  ns: string,
  table: string,
  wanted: Schema,
  options: EvolveTableOptions = {},
): Promise<LoadTableResult> {
  const { committed: _, ...result } = await commitWithRetry({
    catalog,
    namespace: ns,
    table,
    ...options,
    prepare: async (base) => evolution(base, wanted),
  });
  return result;
}

function evolution(base: TableMetadata, wanted: Schema) {
  const { schema, changed, lastColumnId } = evolveSchema(currentSchema(base), wanted, base['last-column-id']);
  if (!changed) return undefined;
  const mapping = base.properties[nameMappingProperty];
  const known = mapping === undefined ? nameMapping(currentSchema(base)) : (JSON.parse(mapping) as MappedField[]);
  const updates = { [nameMappingProperty]: JSON.stringify(updateNameMapping(known, schema)) };
  return {
    request: {
      requirements: [
        { type: 'assert-table-uuid' as const, uuid: base['table-uuid'] },
        { type: 'assert-current-schema-id' as const, 'current-schema-id': base['current-schema-id'] },
        { type: 'assert-last-assigned-field-id' as const, 'last-assigned-field-id': base['last-column-id'] },
      ],
      updates: [
        { action: 'add-schema' as const, schema, 'last-column-id': lastColumnId },
        { action: 'set-current-schema' as const, 'schema-id': -1 },
        { action: 'set-properties' as const, updates },
      ],
    },
    // Whether it is there shows when the evolution is worked out again: then nothing is left to change.
    isCommitted: () => false,
    discard: async () => undefined,
  };
}
