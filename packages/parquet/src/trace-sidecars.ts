// What stands beside a file of spans: its trace index, a row a trace, and its trace-id filter.

import { getBit } from './bits.ts';
import type { Dictionary } from './dictionary.ts';
import { encodePacked } from './encode.ts';
import type { PackedColumn, PackedRows } from './pack.ts';
import { columnNamed } from './sort.ts';
import { type TraceEntry, traceFingerprint, writeTraceFilter } from './trace-filter.ts';
import { traceIndexColumns } from './trace-index-columns.ts';

export interface TraceSidecars {
  readonly traceIndex: Uint8Array;
  readonly traceFilter: Uint8Array;
}

const errorStatus = 2;

/** The traces of a file, each as far as it lies in one row group. Rows of a trace stand together. */
interface Traces {
  /** A row of the trace, for its id. */
  readonly rows: number[];
  readonly rowGroups: number[];
  readonly first: number[];
  readonly last: number[];
  readonly lastStart: number[];
  /** The root span's row, -1 where it isn't here. */
  readonly roots: number[];
  readonly spans: number[];
  readonly errors: number[];
}

/** `rowGroups` are the rows of the file, ordered by trace; null trace ids are left out. */
export function buildTraceSidecars(
  packed: PackedRows,
  dictionary: Dictionary,
  rowGroups: readonly Int32Array[],
): TraceSidecars {
  const ids = columnNamed(packed, 'trace_id').column;
  const starts = columnNamed(packed, 'start_time').column.values as Int32Array;
  const base = starts[1]!;
  const traces = collect(packed, dictionary, rowGroups, base);
  const epoch = BigInt(base) << 32n;
  const toTime = (relative: number) => epoch + BigInt(relative);
  const entries = traces.rows.map(
    (row, i): TraceEntry => ({
      fingerprint: traceFingerprint(ids.values as Uint8Array, ids.offsets![row]!, ids.offsets![row + 1]!),
      rowGroup: traces.rowGroups[i]!,
      minTime: toTime(traces.first[i]!),
      maxTime: toTime(traces.lastStart[i]!),
    }),
  );
  return { traceIndex: encodeIndex(packed, ids, traces, toTime), traceFilter: writeTraceFilter(entries) };
}

/** Times are counted from `base` · 2^32 nanoseconds: doubles hold them exactly for 104 days around. */
function collect(packed: PackedRows, { ids }: Dictionary, rowGroups: readonly Int32Array[], base: number): Traces {
  const starts = columnNamed(packed, 'start_time').column.values as Int32Array;
  const durations = optional(packed, 'duration_ns');
  const statuses = optional(packed, 'status_code');
  const parents = optional(packed, 'parent_span_id');
  const traces: Traces = {
    rows: [],
    rowGroups: [],
    first: [],
    last: [],
    lastStart: [],
    roots: [],
    spans: [],
    errors: [],
  };
  const startOf = (row: number) => (starts[2 * row + 1]! - base) * 4294967296 + (starts[2 * row]! >>> 0);
  rowGroups.forEach((rows, rowGroup) => {
    for (let i = 0; i < rows.length; ) {
      const id = ids[rows[i]!]!;
      const from = i;
      let first = Number.POSITIVE_INFINITY;
      let lastStart = Number.NEGATIVE_INFINITY;
      let last = Number.NEGATIVE_INFINITY;
      let root = -1;
      let errors = 0;
      for (; i < rows.length && ids[rows[i]!] === id; i++) {
        const row = rows[i]!;
        const start = startOf(row);
        const duration = durations && isValid(durations, row) ? pairAt(durations, row) : 0;
        const end = duration > 0 ? start + duration : start;
        if (start < first) first = start;
        if (start > lastStart) lastStart = start;
        if (end > last) last = end;
        if (statuses && statuses.values![row] === errorStatus && isValid(statuses, row)) errors++;
        if (root < 0 && (!parents || !isValid(parents, row))) root = row;
      }
      if (id < 0) continue;
      traces.rows.push(rows[from]!);
      traces.rowGroups.push(rowGroup);
      traces.first.push(first);
      traces.last.push(last);
      traces.lastStart.push(lastStart);
      traces.roots.push(root);
      traces.spans.push(i - from);
      traces.errors.push(errors);
    }
  });
  return traces;
}

function optional(packed: PackedRows, name: string): PackedColumn | undefined {
  return packed.columns.some((node) => node.name === name) ? columnNamed(packed, name).column : undefined;
}

const isValid = (column: PackedColumn, row: number): boolean => !column.validity || getBit(column.validity, row);
const pairAt = ({ values }: PackedColumn, row: number): number =>
  values![2 * row + 1]! * 4294967296 + (values![2 * row]! >>> 0);

function encodeIndex(
  packed: PackedRows,
  ids: PackedColumn,
  traces: Traces,
  toTime: (relative: number) => bigint,
): Uint8Array {
  const n = traces.rows.length;
  const names = optional(packed, 'name');
  const services = optional(packed, 'service_name');
  const counts = (values: readonly number[]): PackedColumn => ({
    length: n,
    nullCount: 0,
    values: Int32Array.from(values),
    children: [],
  });
  const [file] = encodePacked({
    rows: n,
    columns: traceIndexColumns,
    data: [
      gatherText(ids, traces.rows),
      longs(traces.first, toTime),
      longs(traces.last, toTime),
      gatherText(services, traces.roots),
      gatherText(names, traces.roots),
      counts(traces.spans),
      counts(traces.errors),
    ],
  });
  return file?.bytes ?? new Uint8Array(0);
}

function longs(relative: readonly number[], toTime: (relative: number) => bigint): PackedColumn {
  const values = BigInt64Array.from(relative, toTime);
  return { length: values.length, nullCount: 0, values: new Int32Array(values.buffer), children: [] };
}

/** Text of the rows listed; null for -1 and where the column is. */
function gatherText(column: PackedColumn | undefined, rows: readonly number[]): PackedColumn {
  const offsets = new Int32Array(rows.length + 1);
  const validity = new Uint8Array((rows.length + 7) >> 3);
  const parts: Uint8Array[] = [];
  let nullCount = 0;
  rows.forEach((row, i) => {
    offsets[i + 1] = offsets[i]!;
    if (!column || row < 0 || !isValid(column, row)) {
      nullCount++;
      return;
    }
    const part = (column.values as Uint8Array).subarray(column.offsets![row]!, column.offsets![row + 1]!);
    parts.push(part);
    offsets[i + 1]! += part.length;
    validity[i >> 3]! |= 1 << (i & 7);
  });
  const values = new Uint8Array(offsets[rows.length]!);
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  return { length: rows.length, nullCount, ...(nullCount > 0 && { validity }), offsets, values, children: [] };
}
