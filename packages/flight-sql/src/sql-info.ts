import { recordBatchOf } from '@signaldb/flight';
import { Data, type DataType, type RecordBatch, type Vector, vectorFromArray } from 'apache-arrow';
import { sqlInfoSchema, sqlInfoValueType } from './schemas.ts';

/** A value of GetSqlInfo: which member of the union it is depends on the id, drivers expect no other. */
export type SqlInfoValue =
  | { readonly text: string }
  | { readonly bool: boolean }
  | { readonly int64: bigint }
  | { readonly int32: number }
  | { readonly texts: readonly string[] }
  | { readonly map: ReadonlyMap<number, readonly number[]> };

const members = ['text', 'bool', 'int64', 'int32', 'texts', 'map'] as const;

/** The rows of GetSqlInfo for the ids asked for; all where none is named, those that aren't known left out. */
export function sqlInfoBatch(values: Readonly<Record<number, SqlInfoValue>>, ids: readonly number[]): RecordBatch {
  const known = (ids.length > 0 ? ids : Object.keys(values).map(Number)).filter((id) => values[id] !== undefined);
  const lists: unknown[][] = members.map(() => []);
  const typeIds = new Int8Array(known.length);
  const offsets = new Int32Array(known.length);
  known.forEach((id, row) => {
    const value = values[id] as Record<string, unknown>;
    const member = members.findIndex((name) => name in value);
    typeIds[row] = member;
    offsets[row] = lists[member]!.push(value[members[member]!]) - 1;
  });
  const children = lists.map((list, member) => column(sqlInfoValueType.children[member]!.type, list).data[0]!);
  const union = new Data(
    sqlInfoValueType,
    0,
    known.length,
    0,
    [offsets, undefined, undefined, typeIds] as never,
    children,
  );
  return recordBatchOf(sqlInfoSchema, [column(sqlInfoSchema.fields[0]!.type, known).data[0]!, union], known.length);
}

function column(type: DataType, values: readonly unknown[]): Vector {
  return vectorFromArray(values as unknown[], type);
}
