// The trace-id filter: which row groups of a file hold a trace, and when. docs/formats/trace-index.md has the bytes.
import { ParquetError } from './footer.ts';

/** A trace's rows in one row group. */
export interface TraceEntry {
  readonly fingerprint: number;
  readonly rowGroup: number;
  readonly minTime: bigint;
  readonly maxTime: bigint;
}

/** Where the rows of a trace may be. */
export interface TraceMatch {
  readonly rowGroups: readonly number[];
  /** Nanoseconds; not later than the first start time and not earlier than the last there, coarser than they are. */
  readonly minTime: bigint;
  readonly maxTime: bigint;
}

export interface TraceFilter {
  readonly entries: number;
  /**
   * One match a row group that may hold rows of the trace: none is missed; one in some hundred thousand look-ups names one that
   * holds none. Letters of the id may be of either case.
   */
  lookup(traceIdHex: string): TraceMatch[];
}

const magic = 0x46544453; // SDTF
const version = 1;
const headerBytes = 32;
const ticksMax = 65_535;

/** FNV-1a over the id's text in lower case, of 32 bits, then mixed: ids that differ little get fingerprints far apart. */
export function traceFingerprint(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    hash = Math.imul(hash ^ (byte >= 65 && byte <= 90 ? byte + 32 : byte), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function writeTraceFilter(entries: readonly TraceEntry[]): Uint8Array {
  let base = entries[0]?.minTime ?? 0n;
  let end = base;
  for (const { minTime, maxTime } of entries) {
    if (minTime < base) base = minTime;
    if (maxTime > end) end = maxTime;
  }
  const tick = (end - base) / BigInt(ticksMax) + 1n;
  const sorted = [...entries].sort((a, b) => a.fingerprint - b.fingerprint || a.rowGroup - b.rowGroup);
  const n = sorted.length;
  const bytes = new Uint8Array(headerBytes + n * 10);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, version, true);
  view.setUint32(8, n, true);
  view.setBigInt64(16, base, true);
  view.setBigUint64(24, tick, true);
  const columns = columnsOf(bytes, n);
  sorted.forEach(({ fingerprint, rowGroup, minTime, maxTime }, i) => {
    if (rowGroup > 65_535) throw new ParquetError('a trace-id filter holds at most 65536 row groups');
    columns.fingerprints[i] = fingerprint;
    columns.rowGroups[i] = rowGroup;
    columns.firstTicks[i] = Number((minTime - base) / tick);
    columns.lastTicks[i] = Number((maxTime - base) / tick);
  });
  return bytes;
}

const columnsOf = (bytes: Uint8Array, n: number) => ({
  fingerprints: new Uint32Array(bytes.buffer, bytes.byteOffset + headerBytes, n),
  rowGroups: new Uint16Array(bytes.buffer, bytes.byteOffset + headerBytes + n * 4, n),
  firstTicks: new Uint16Array(bytes.buffer, bytes.byteOffset + headerBytes + n * 6, n),
  lastTicks: new Uint16Array(bytes.buffer, bytes.byteOffset + headerBytes + n * 8, n),
});

function open(bytes: Uint8Array) {
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  if (whole.length < headerBytes) throw new ParquetError('not a trace-id filter: too short');
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  if (view.getUint32(0, true) !== magic) throw new ParquetError('not a trace-id filter: wrong magic');
  if (view.getUint32(4, true) !== version)
    throw new ParquetError(`a trace-id filter of version ${view.getUint32(4, true)}, not ${version}`);
  const n = view.getUint32(8, true);
  if (whole.length !== headerBytes + n * 10) throw new ParquetError('a trace-id filter of the wrong length');
  const base = view.getBigInt64(16, true);
  const tick = view.getBigUint64(24, true);
  const columns = columnsOf(whole, n);
  return {
    n,
    ...columns,
    minTime: (i: number) => base + BigInt(columns.firstTicks[i]!) * tick,
    maxTime: (i: number) => base + BigInt(columns.lastTicks[i]! + 1) * tick - 1n,
  };
}

/** Reads a filter where it lies; `bytes` must stay as they are. Throws ParquetError for anything else than a filter. */
export function openTraceFilter(bytes: Uint8Array): TraceFilter {
  const { n, fingerprints, rowGroups, minTime, maxTime } = open(bytes);
  return {
    entries: n,
    lookup(traceIdHex) {
      const id = Buffer.from(traceIdHex);
      const wanted = traceFingerprint(id, 0, id.length);
      let low = 0;
      for (let high = n; low < high; ) {
        const middle = (low + high) >>> 1;
        if (fingerprints[middle]! < wanted) low = middle + 1;
        else high = middle;
      }
      const matches: TraceMatch[] = [];
      for (let i = low; i < n && fingerprints[i] === wanted; i++)
        matches.push({ rowGroups: [rowGroups[i]!], minTime: minTime(i), maxTime: maxTime(i) });
      return matches;
    },
  };
}

/** The filter of a file that `concatFiles` made: each part's row groups begin at its `firstRowGroup`. */
export function mergeTraceFilters(
  parts: readonly { readonly filter: Uint8Array; readonly firstRowGroup: number }[],
): Uint8Array {
  const entries: TraceEntry[] = [];
  for (const { filter, firstRowGroup } of parts) {
    const { n, fingerprints, rowGroups, minTime, maxTime } = open(filter);
    for (let i = 0; i < n; i++)
      entries.push({
        fingerprint: fingerprints[i]!,
        rowGroup: rowGroups[i]! + firstRowGroup,
        minTime: minTime(i),
        maxTime: maxTime(i),
      });
  }
  return writeTraceFilter(entries);
}
