// Packed rows become Parquet files: put in order, split by hour, cut into row groups, encoded column by column.
import { type EncodedChunk, encodeChunk, nullChunk } from './column-chunk.ts';
import { leafColumns, schemaElements } from './column-tree.ts';
import { buildDictionary, type Dictionary, releaseDictionary } from './dictionary.ts';
import { fileHeader, ParquetError, writeFooter } from './footer.ts';
import type { RowGroup } from './format.ts';
import type { PackedColumn, PackedRows } from './pack.ts';
import { createShredder, isAllNull, leafCount } from './shred.ts';
import { columnNamed, orderRows, type RowOrder } from './sort.ts';
import { buildTraceSidecars } from './trace-sidecars.ts';

export interface EncodeOptions {
  /** Default: as the rows come. */
  readonly order?: RowOrder;
  /** One file for each hour of the column `hour` (a timestamp in microseconds). Default: one file. */
  readonly splitByHour?: boolean;
  /** One file for each number here (one a row): how the caller splits by other partitions. */
  readonly groups?: Int32Array;
  /** The column of nanoseconds whose least and greatest value each file tells. */
  readonly timeColumn?: string;
  /** Row groups have at most so many rows. Default 131072. */
  readonly rowGroupRowsMax?: number;
  readonly zstdLevel?: number;
  /** For traces: also make the trace index and the trace-id filter. */
  readonly traceSidecars?: boolean;
}

export interface EncodedFile {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly rowGroups: number;
  /** Hours since 1970, where split by hour. */
  readonly hour?: number;
  /** The number in `groups` that these rows have. */
  readonly group?: number;
  /** Of the time column; absent where no row has a time. */
  readonly minTime?: bigint;
  readonly maxTime?: bigint;
  /** A Parquet file with a row a trace and row group: docs/formats/trace-index.md. */
  readonly traceIndex?: Uint8Array;
  /** Which row groups hold which trace: docs/formats/trace-index.md. */
  readonly traceFilter?: Uint8Array;
}

export const createdBy = 'signaldb version 0.1.0';
/** Measured on spans: higher levels gain little on columns that are encoded well, and cost several times as much. */
const zstdLevelDefault = 1;
const rowGroupRowsDefault = 131_072;

interface FilePlan {
  readonly hour?: number;
  readonly group?: number;
  readonly rowGroups: readonly Int32Array[];
}

/** Encodes rows on the calling thread. No rows: no file. */
export function encodePacked(packed: PackedRows, options: EncodeOptions = {}): EncodedFile[] {
  if (packed.rows === 0) return [];
  const { rows, traces } = orderRows(packed, options.order ?? []);
  const rowsMax = options.rowGroupRowsMax ?? rowGroupRowsDefault;
  const plans = split(packed, rows, options).map(
    ({ rows: fileRows, ...key }): FilePlan => ({ ...key, rowGroups: cut(fileRows, rowsMax) }),
  );
  const chunks = encodeColumns(packed, plans, options.zstdLevel ?? zstdLevelDefault, traces);
  const files = plans.map(
    (plan, i): EncodedFile => ({
      ...assembleFile(packed, plan, chunks[i]!),
      ...(plan.hour !== undefined && { hour: plan.hour }),
      ...(plan.group !== undefined && { group: plan.group }),
      ...(options.timeColumn !== undefined && timeRange(packed, options.timeColumn, plan.rowGroups)),
      ...(options.traceSidecars && traces && buildTraceSidecars(packed, traces, plan.rowGroups)),
    }),
  );
  if (traces) releaseDictionary(traces);
  return files;
}

/** The rows of each file, in their order. */
function split(
  packed: PackedRows,
  rows: Int32Array,
  options: EncodeOptions,
): { hour?: number; group?: number; rows: Int32Array }[] {
  if (options.groups) return partition(rows, options.groups).map(([group, part]) => ({ group, rows: part }));
  if (!options.splitByHour) return [{ rows }];
  const { column } = columnNamed(packed, 'hour');
  const pairs = column.values as Int32Array;
  const hours = new Int32Array(packed.rows);
  for (let i = 0; i < hours.length; i++)
    hours[i] = Math.floor((pairs[2 * i + 1]! * 4294967296 + (pairs[2 * i]! >>> 0)) / 3_600_000_000);
  return partition(rows, hours).map(([hour, part]) => ({ hour, rows: part }));
}

function partition(rows: Int32Array, keys: Int32Array): [key: number, rows: Int32Array][] {
  const counts = new Map<number, number>();
  let last = keys[0]!;
  let run = 0;
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] === last) run++;
    else {
      counts.set(last, (counts.get(last) ?? 0) + run);
      last = keys[i]!;
      run = 1;
    }
  }
  counts.set(last, (counts.get(last) ?? 0) + run);
  if (counts.size === 1) return [[last, rows]];
  const parts = new Map(
    [...counts].sort((a, b) => a[0] - b[0]).map(([key, n]) => [key, { rows: new Int32Array(n), n: 0 }]),
  );
  for (const row of rows) {
    const part = parts.get(keys[row]!)!;
    part.rows[part.n++] = row;
  }
  return [...parts].map(([key, part]) => [key, part.rows]);
}

function cut(rows: Int32Array, rowsMax: number): Int32Array[] {
  const groups = Math.ceil(rows.length / rowsMax);
  const size = Math.ceil(rows.length / groups);
  return Array.from({ length: groups }, (_, i) => rows.subarray(i * size, (i + 1) * size));
}

/** All chunks, `[file][row group][leaf]`; a column's dictionary is worked out once for all of them. */
function encodeColumns(
  packed: PackedRows,
  plans: readonly FilePlan[],
  zstdLevel: number,
  traces?: Dictionary,
): EncodedChunk[][][] {
  const chunks: EncodedChunk[][][] = plans.map((plan) => plan.rowGroups.map(() => []));
  const shredders = plans.map((plan) => plan.rowGroups.map(createShredder));
  const leaves = leafColumns(packed.columns);
  let next = 0;
  packed.columns.forEach((node, c) => {
    const column = packed.data[c]!;
    const own = leaves.slice(next, next + leafCount(node));
    next += own.length;
    if (isAllNull(column)) {
      plans.forEach((plan, f) => {
        plan.rowGroups.forEach((rows, g) => {
          chunks[f]![g]!.push(...own.map((leaf) => nullChunk(leaf, rows.length)));
        });
      });
      return;
    }
    const dictionaries = leafData(column, node.kind === 'leaf').map(
      (data, i) => (node.name === 'trace_id' && traces) || buildDictionary(data, own[i]!.node.leaf!.physical),
    );
    plans.forEach((plan, f) => {
      plan.rowGroups.forEach((_rows, g) => {
        shredders[f]![g]!(node, column).forEach((values, i) => {
          chunks[f]![g]!.push(encodeChunk(own[i]!, values, dictionaries[i], zstdLevel));
        });
      });
    });
    for (const dictionary of dictionaries) if (dictionary && dictionary !== traces) releaseDictionary(dictionary);
  });
  return chunks;
}

/** The leaves' buffers, in the order of `leafColumns`. */
function leafData(column: PackedColumn, isLeaf: boolean): PackedColumn[] {
  return isLeaf || column.children.length === 0 ? [column] : column.children.flatMap((child) => leafData(child, false));
}

function assembleFile(
  packed: PackedRows,
  plan: FilePlan,
  chunks: readonly (readonly EncodedChunk[])[],
): Pick<EncodedFile, 'bytes' | 'rows' | 'rowGroups'> {
  const parts: Uint8Array[] = [fileHeader];
  let offset = fileHeader.length;
  const rowGroups = chunks.map((columns, g): RowGroup => {
    const start = offset;
    const metaData = columns.map(({ parts: own, metaData: m }) => {
      const at = offset;
      for (const part of own) {
        parts.push(part);
        offset += part.length;
      }
      const moved = {
        ...m,
        data_page_offset: at + m.data_page_offset,
        ...(m.dictionary_page_offset !== undefined && { dictionary_page_offset: at }),
      };
      return { file_offset: 0, meta_data: moved };
    });
    return {
      columns: metaData,
      total_byte_size: columns.reduce((sum, c) => sum + c.metaData.total_uncompressed_size, 0),
      num_rows: plan.rowGroups[g]!.length,
      file_offset: start,
      total_compressed_size: offset - start,
      ...(g <= 32_767 && { ordinal: g }),
    };
  });
  const rows = plan.rowGroups.reduce((sum, group) => sum + group.length, 0);
  parts.push(
    writeFooter({
      version: 2,
      schema: schemaElements(packed.columns),
      num_rows: rows,
      row_groups: rowGroups,
      created_by: createdBy,
      column_orders: leafColumns(packed.columns).map(() => ({ TYPE_ORDER: {} })),
    }),
  );
  return { bytes: joined(parts), rows, rowGroups: rowGroups.length };
}

/** One array that owns its buffer, so that it can be handed to another thread. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let pos = 0;
  for (const part of parts) {
    bytes.set(part, pos);
    pos += part.length;
  }
  return bytes;
}

function timeRange(
  packed: PackedRows,
  name: string,
  groups: readonly Int32Array[],
): { minTime?: bigint; maxTime?: bigint } {
  const { column } = columnNamed(packed, name);
  const pairs = column.values as Int32Array;
  if (pairs.length !== column.length * 2) throw new ParquetError(`${name} is no 64-bit time`);
  const times = new BigInt64Array(pairs.buffer, pairs.byteOffset, column.length);
  let min = -1;
  let max = -1;
  for (const rows of groups) {
    for (const row of rows) {
      if (column.validity && ((column.validity[row >> 3]! >> (row & 7)) & 1) === 0) continue;
      if (min < 0) min = max = row;
      else if (less(pairs, row, min)) min = row;
      else if (less(pairs, max, row)) max = row;
    }
  }
  return min < 0 ? {} : { minTime: times[min]!, maxTime: times[max]! };
}

const less = (pairs: Int32Array, a: number, b: number): boolean => {
  const high = pairs[2 * a + 1]! - pairs[2 * b + 1]!;
  return high !== 0 ? high < 0 : pairs[2 * a]! >>> 0 < pairs[2 * b]! >>> 0;
};
