import type { Schema } from 'apache-arrow';
import { library, type Pointer } from './library.ts';
import { cell, pointerIn, textAt } from './memory.ts';
import { arrowSchemaOf } from './result-schema.ts';
import { type StatementType, statementTypeOf } from './statement-type.ts';

/** What a statement would do and answer, found out without running it. */
export interface StatementDescription {
  readonly statementType: StatementType;
  readonly schema: Schema;
  /** A field a parameter, in order, named by its number or name; type Null where DuckDB can't tell. */
  readonly parameters: Schema;
}

/** `DUCKDB_TYPE_INVALID`, ANY and SQLNULL: what an unresolved parameter, or a column made of one, has. */
const unknownTypes = new Set([0, 34, 36]);
const sqlNull = 36;

export function describePrepared(connection: Pointer, statement: Pointer): StatementDescription {
  const lib = library();
  const options = cell();
  lib.connection_get_arrow_options(connection, options);
  try {
    const columns = Array.from({ length: Number(lib.prepared_statement_column_count(statement)) }, (_, i) => ({
      name: takeText(lib.prepared_statement_column_name(statement, i)),
      type: resolved(lib.prepared_statement_column_logical_type(statement, i)),
    }));
    const parameters = Array.from({ length: Number(lib.nparams(statement)) }, (_, i) => ({
      name: takeText(lib.parameter_name(statement, i + 1)),
      type: resolved(lib.param_logical_type(statement, i + 1)),
    }));
    return {
      statementType: statementTypeOf(lib.prepared_statement_type(statement)),
      schema: arrowSchemaOf(pointerIn(options), columns),
      parameters: arrowSchemaOf(pointerIn(options), parameters),
    };
  } finally {
    lib.destroy_arrow_options(options);
  }
}

/** The type, or Null's in place of one that is not known before the parameters are. */
function resolved(type: Pointer | null): Pointer {
  const lib = library();
  if (type !== null && !unknownTypes.has(lib.get_type_id(type))) return type;
  if (type !== null) lib.destroy_logical_type(cell(type));
  return lib.create_logical_type(sqlNull);
}

/** Text that the library allocated for us: copied, then freed. */
export function takeText(pointer: Pointer | null): string {
  if (pointer === null) return '';
  const text = textAt(Number(pointer));
  library().free(pointer);
  return text;
}
