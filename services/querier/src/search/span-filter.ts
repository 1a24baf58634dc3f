import { quoteIdentifier } from '@signaldb/duckdb';
import {
  type CheckedSearch,
  type ColumnType,
  type CompiledSearch,
  compileSearch,
  type OverflowScope,
} from '@signaldb/traceql';
import type { LocalFile } from '../files/file-access.ts';
import { allColumns, columnOf, type FileGroup, groupFiles, scanOf } from '../tables/read-sql.ts';
import type { TableColumn } from '../tables/table-columns.ts';

/** A group of files of spans, and a search compiled for just the columns that they have. */
export interface FilteredGroup {
  /** SQL of the spans, as it stands after FROM. */
  readonly from: string;
  readonly compiled: CompiledSearch;
}

const typeNames: Readonly<Record<string, string>> = {
  VARCHAR: 'string',
  BIGINT: 'int',
  INTEGER: 'int',
  DOUBLE: 'float',
  FLOAT: 'float',
  BOOLEAN: 'bool',
};
const overflowScopes: readonly OverflowScope[] = ['span', 'resource', 'scope'];
const isAttribute = (name: string): boolean => /^(span|resource|scope)\./.test(name);

/** TraceQL's name of an attribute column's type; undefined for one that TraceQL can't compare. */
export function traceqlType(duckType: string): ColumnType | undefined {
  const isList = duckType.endsWith('[]');
  const base = typeNames[isList ? duckType.slice(0, -2) : duckType];
  return base === undefined ? undefined : ((isList ? `${base}[]` : base) as ColumnType);
}

/**
 * Compiles a search for files: those that differ in the columns that it asks for are filtered apart, each with its own condition, so that
 * a file without an attribute isn't asked for it, nor an overflow column in which nothing is. Groups that can't match are left out.
 * @param needed columns that `from` has to have beside those that the search reads
 */
export function filterSpans(
  search: CheckedSearch,
  files: readonly LocalFile[],
  columns: readonly TableColumn[],
  needed: readonly string[],
): FilteredGroup[] {
  const all = allColumns(columns, files);
  const asked = new Set(needed);
  const whole = compileSearch(search, { columns: recording(typesOf(all), asked), overflow: new Set(overflowScopes) });
  const text = [whole.where, ...whole.selects.map(({ json }) => json)].join(' ');
  // A name that stands in the text by chance brings a column too many, no harm.
  const wanted = all.filter(({ name }) => asked.has(name) || (!isAttribute(name) && text.includes(name)));
  return groupFiles(files, wanted).flatMap((group) => {
    const compiled = compileSearch(search, {
      columns: typesOf(wanted.filter(({ name }) => group.columns.has(name))),
      overflow: new Set(overflowScopes.filter((scope) => group.columns.has(`${scope}_overflow`))),
    });
    return compiled.where === 'FALSE' ? [] : [{ from: spansOf(group, wanted), compiled }];
  });
}

/** SQL of a group's spans under the table's names. */
function spansOf(group: FileGroup, columns: readonly TableColumn[]): string {
  const list = columns.map((column) => `${columnOf(group, column)} AS ${quoteIdentifier(column.name)}`);
  return `(SELECT ${list.join(', ')} FROM ${scanOf(group)})`;
}

function typesOf(columns: readonly TableColumn[]): Map<string, ColumnType> {
  const types = new Map<string, ColumnType>();
  for (const { name, type } of columns) {
    const traceql = isAttribute(name) ? traceqlType(type) : undefined;
    if (traceql !== undefined) types.set(name, traceql);
  }
  return types;
}

/** The map, noting which names are looked up. */
function recording(types: Map<string, ColumnType>, asked: Set<string>): ReadonlyMap<string, ColumnType> {
  return new (class extends Map<string, ColumnType> {
    override get(name: string): ColumnType | undefined {
      asked.add(name);
      return super.get(name);
    }
  })(types);
}
