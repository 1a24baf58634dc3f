// One leaf's values of one row group: a dictionary page where it pays, data pages, statistics.
import { constants, zstdCompressSync } from 'node:zlib';
import { statisticsOf } from './bounds.ts';
import type { LeafColumn } from './column-tree.ts';
import type { Dictionary } from './dictionary.ts';
import {
  Codec,
  type ColumnMetaData,
  Encoding,
  type PageEncodingStats,
  PageType,
  PhysicalType,
  pageHeaderType,
} from './format.ts';
import { bitWidthOf, encodeHybrid, hybridBytesMax, putRun } from './hybrid.ts';
import { giveInts, takeInts } from './int-pool.ts';
import type { PackedColumn } from './pack.ts';
import type { LeafValues } from './shred.ts';
import { writeThrift } from './thrift.ts';
import { putPlain, putValues, Scratch } from './values.ts';

/** Data pages hold about so many bytes before compression. */
const pageBytesTarget = 1 << 20;
/** Compressing less than this saves nothing. */
const compressBytesMin = 100;
/** A dictionary is held in memory by readers. */
const dictionaryBytesMax = 4 << 20;

/** A column chunk: bytes to be written one after another, and its metadata with offsets counted from its first byte. */
export interface EncodedChunk {
  readonly parts: readonly Uint8Array[];
  readonly metaData: ColumnMetaData;
}

interface Page {
  readonly type: number;
  readonly encoding: number;
  readonly values: number;
  readonly raw: Uint8Array;
}

const scratch = new Scratch();
const dictionaryScratch = new Scratch();

export function encodeChunk(
  leaf: LeafColumn,
  values: LeafValues,
  dictionary: Dictionary | undefined,
  zstdLevel: number,
): EncodedChunk {
  const { positions, column } = values;
  const nulls = values.count - positions.length;
  const used = dictionary && entriesOf(dictionary, positions);
  const statistics = statisticsOf(leaf.node.leaf!, column, used ? used.rows : positions, nulls);
  const pages: Page[] = [];
  if (used && worthwhile(leaf, column, positions, used)) {
    const end = putPlain(leaf.node.leaf!, column, used.rows, dictionaryScratch, 0);
    const raw = dictionaryScratch.bytes.subarray(0, end);
    pages.push({ type: PageType.DICTIONARY_PAGE, encoding: Encoding.PLAIN, values: used.rows.length, raw });
    const encoding = Encoding.RLE_DICTIONARY;
    pages.push(dataPage(leaf, values, (pos) => ({ pos: putIndices(used.indices, used.rows.length, pos), encoding })));
  } else {
    const parts = splitPages(leaf, values);
    for (const part of parts) {
      const page = dataPage(leaf, part, (pos) => putValues(leaf.node.leaf!, column, part.positions, scratch, pos));
      pages.push(parts.length === 1 ? page : { ...page, raw: page.raw.slice() });
    }
  }
  const chunk = assemble(leaf, values.count, pages, statistics, zstdLevel);
  if (used) {
    giveInts(used.indices);
    giveInts(used.rows);
  }
  return chunk;
}

/** The chunk of a leaf that is null in every row (of which only the number matters). */
export function nullChunk(leaf: LeafColumn, rows: number): EncodedChunk {
  const page = levelsPage(leaf, rows);
  return assemble(leaf, rows, [page], { null_count: rows }, 1);
}

interface UsedEntries {
  /** For each value, which of the used entries it is. */
  readonly indices: Int32Array;
  /** An entry's row. */
  readonly rows: Int32Array;
}

/** The entries that these values need, in the order in which they come. */
function entriesOf(dictionary: Dictionary, positions: Int32Array): UsedEntries {
  const { ids } = dictionary;
  const indices = takeInts(positions.length);
  const rows = takeInts(Math.min(dictionary.count, positions.length));
  const renumbered = takeInts(dictionary.count).fill(0); // 0: not seen yet
  let count = 0;
  for (let i = 0; i < positions.length; i++) {
    const id = ids[positions[i]!]!;
    let index = renumbered[id]!;
    if (index === 0) {
      rows[count] = dictionary.rows[id]!;
      index = renumbered[id] = ++count;
    }
    indices[i] = index - 1;
  }
  giveInts(renumbered);
  return { indices, rows: rows.subarray(0, count) };
}

function worthwhile(leaf: LeafColumn, column: PackedColumn, positions: Int32Array, used: UsedEntries): boolean {
  const n = positions.length;
  const entries = used.rows.length;
  if (n === 0) return false;
  if (entries <= n / 16) return true;
  const indexBytes = (n * bitWidthOf(entries - 1)) / 8;
  const { physical } = leaf.node.leaf!;
  if (physical !== PhysicalType.BYTE_ARRAY) {
    const width = physical === PhysicalType.INT64 || physical === PhysicalType.DOUBLE ? 8 : 4;
    // Without a dictionary integers are packed to some half of their width.
    return entries * width * 0.7 + indexBytes < n * width * 0.45;
  }
  const offsets = column.offsets!;
  let entryBytes = entries * 4;
  for (const row of used.rows) entryBytes += offsets[row + 1]! - offsets[row]!;
  if (entryBytes > dictionaryBytesMax) return false;
  let bytes = 0;
  for (let i = 0; i < n; i++) bytes += offsets[positions[i]! + 1]! - offsets[positions[i]!]!;
  return entryBytes + indexBytes < bytes + n / 4;
}

function putIndices(indices: Int32Array, entries: number, pos: number): number {
  const bitWidth = bitWidthOf(entries - 1);
  const out = scratch.reserve(pos, hybridBytesMax(indices.length, bitWidth) + 1);
  out[pos] = bitWidth;
  return encodeHybrid(indices, indices.length, bitWidth, out, pos + 1);
}

type Levels = Omit<LeafValues, 'column'>;

/** A page of nulls alone. */
function levelsPage(leaf: LeafColumn, count: number): Page {
  let pos = 0;
  if (leaf.maxRepetition > 0) pos = putLevels(undefined, 0, count, leaf.maxRepetition, pos);
  if (leaf.maxDefinition > 0) pos = putLevels(undefined, 0, count, leaf.maxDefinition, pos);
  const raw = scratch.bytes.subarray(0, pos);
  return { type: PageType.DATA_PAGE, encoding: Encoding.PLAIN, values: count, raw };
}

/** A page in the scratch buffer. https://parquet.apache.org/docs/file-format/data-pages/: repetition levels, definition levels, values. */
function dataPage(leaf: LeafColumn, levels: Levels, put: (pos: number) => { pos: number; encoding: number }): Page {
  let pos = 0;
  if (leaf.maxRepetition > 0) pos = putLevels(levels.repetition, 0, levels.count, leaf.maxRepetition, pos);
  if (leaf.maxDefinition > 0)
    pos = putLevels(levels.definition, leaf.maxDefinition, levels.count, leaf.maxDefinition, pos);
  const end = put(pos);
  return {
    type: PageType.DATA_PAGE,
    encoding: end.encoding,
    values: levels.count,
    raw: scratch.bytes.slice(0, end.pos),
  };
}

/** Levels that several leaves share are encoded once. */
const encodedLevels = new WeakMap<Uint8Array, Uint8Array>();

function putLevels(levels: Uint8Array | undefined, constant: number, count: number, max: number, pos: number): number {
  const bitWidth = bitWidthOf(max);
  const known = levels && encodedLevels.get(levels);
  if (known) {
    scratch.reserve(pos, known.length).set(known, pos);
    return pos + known.length;
  }
  const out = scratch.reserve(pos, hybridBytesMax(count, bitWidth) + 4);
  const start = pos + 4;
  const end = levels
    ? encodeHybrid(levels, count, bitWidth, out, start)
    : putRun(out, start, count, constant, bitWidth);
  new DataView(out.buffer, out.byteOffset).setUint32(pos, end - start, true);
  if (levels) encodedLevels.set(levels, out.slice(pos, end));
  return end;
}

/** Values too large for one page are split at rows, into pages of as many levels each. */
function splitPages(leaf: LeafColumn, values: LeafValues): LeafValues[] {
  const { offsets } = values.column;
  let bytes = values.positions.length * (leaf.node.leaf!.typeLength ?? 8);
  if (offsets) for (const p of values.positions) bytes += offsets[p + 1]! - offsets[p]!;
  const pages = Math.ceil(bytes / pageBytesTarget);
  if (pages <= 1) return [values];
  const perPage = Math.ceil(values.count / pages);
  const parts: LeafValues[] = [];
  let value = 0;
  for (let start = 0; start < values.count; ) {
    let end = Math.min(start + perPage, values.count);
    while (end < values.count && values.repetition && values.repetition[end]! > 0) end++;
    const definition = values.definition?.subarray(start, end);
    const present = definition
      ? definition.reduce((sum, level) => sum + (level === leaf.maxDefinition ? 1 : 0), 0)
      : end - start;
    const repetition = values.repetition?.subarray(start, end);
    parts.push({
      column: values.column,
      count: end - start,
      positions: values.positions.subarray(value, value + present),
      ...(definition && { definition }),
      ...(repetition && { repetition }),
    });
    value += present;
    start = end;
  }
  return parts;
}

function assemble(
  leaf: LeafColumn,
  count: number,
  pages: readonly Page[],
  statistics: ColumnMetaData['statistics'],
  zstdLevel: number,
): EncodedChunk {
  const rawBytes = pages.reduce((sum, page) => sum + page.raw.length, 0);
  const codec = rawBytes < compressBytesMin ? Codec.UNCOMPRESSED : Codec.ZSTD;
  const parts: Uint8Array[] = [];
  const stats: PageEncodingStats[] = [];
  let uncompressed = 0;
  let size = 0;
  let dataPageOffset = 0;
  for (const page of pages) {
    const body = codec === Codec.ZSTD ? compress(page.raw, zstdLevel) : page.raw.slice();
    const isDictionary = page.type === PageType.DICTIONARY_PAGE;
    const header = writeThrift(pageHeaderType, {
      type: page.type,
      uncompressed_page_size: page.raw.length,
      compressed_page_size: body.length,
      ...(isDictionary
        ? { dictionary_page_header: { num_values: page.values, encoding: page.encoding } }
        : {
            data_page_header: {
              num_values: page.values,
              encoding: page.encoding,
              definition_level_encoding: Encoding.RLE,
              repetition_level_encoding: Encoding.RLE,
            },
          }),
    });
    parts.push(header, body);
    size += header.length + body.length;
    uncompressed += header.length + page.raw.length;
    if (isDictionary) dataPageOffset = size;
    const known = stats.findIndex((s) => s.page_type === page.type && s.encoding === page.encoding);
    if (known < 0) stats.push({ page_type: page.type, encoding: page.encoding, count: 1 });
    else stats[known] = { ...stats[known]!, count: stats[known]!.count + 1 };
  }
  return {
    parts,
    metaData: {
      type: leaf.node.leaf!.physical,
      encodings: [...new Set([Encoding.RLE, ...pages.map((page) => page.encoding)])],
      path_in_schema: leaf.path,
      codec,
      num_values: count,
      total_uncompressed_size: uncompressed,
      total_compressed_size: size,
      data_page_offset: dataPageOffset,
      ...(dataPageOffset > 0 && { dictionary_page_offset: 0 }),
      ...(statistics && { statistics }),
      encoding_stats: stats,
    },
  };
}

const compress = (raw: Uint8Array, level: number): Uint8Array =>
  zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: level } });
