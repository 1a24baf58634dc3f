import type { Schema } from 'apache-arrow';
import { toSchema } from './arrow-types.ts';
import { readSchema, releaseStruct, schemaLayout } from './c-schema.ts';
import { parseError } from './error.ts';
import { library, type Pointer } from './library.ts';
import { addressOf, cell, cString } from './memory.ts';
import { refuseUnfaithful } from './refused-types.ts';

/** A column by its name and DuckDB's logical type, which whoever made it destroys. */
export interface LogicalColumn {
  readonly name: string;
  readonly type: Pointer;
}

/** The Arrow schema of columns, as DuckDB itself translates its types. Destroys their logical types. */
export function arrowSchemaOf(arrowOptions: Pointer, columns: readonly LogicalColumn[]): Schema {
  const lib = library();
  const names = columns.map((column) => cString(column.name));
  const types = pointerList(columns.map((column) => column.type));
  const out = Buffer.alloc(schemaLayout.bytes + 8);
  try {
    for (const column of columns) refuseUnfaithful(column.type, column.name);
    throwIfError(
      lib.to_arrow_schema(
        arrowOptions,
        types,
        pointerList(names.map((name) => BigInt(addressOf(name)))),
        columns.length,
        out,
      ),
    );
    return toSchema(readSchema(addressOf(out)));
  } finally {
    releaseStruct(addressOf(out), schemaLayout.release);
    for (const column of columns) lib.destroy_logical_type(cell(column.type));
    names.length = 0;
  }
}

/** The schema of a result's columns. */
export function resultSchema(result: Buffer, arrowOptions: Pointer): Schema {
  const lib = library();
  const count = Number(lib.column_count(result));
  const columns = Array.from({ length: count }, (_, i) => ({
    name: lib.column_name(result, i) as string,
    type: lib.column_logical_type(result, i) as Pointer,
  }));
  return arrowSchemaOf(arrowOptions, columns);
}

/** Throws what a `duckdb_error_data` says, if it says something, and frees it. */
export function throwIfError(error: Pointer | null): void {
  if (error === null || error === 0n) return;
  const lib = library();
  const reason = lib.error_data_has_error(error) ? (lib.error_data_message(error) as string) : undefined;
  lib.destroy_error_data(cell(error));
  if (reason !== undefined) throw parseError(reason);
}

function pointerList(pointers: readonly Pointer[]): Buffer {
  const list = Buffer.allocUnsafeSlow(8 * Math.max(1, pointers.length));
  pointers.forEach((pointer, i) => {
    list.writeBigUInt64LE(pointer, 8 * i);
  });
  return list;
}
