// Files put together from the row groups of others: bytes are copied as they are, only the footer is new.
import { nullChunk } from './column-chunk.ts';
import { type ColumnNode, type LeafColumn, leafColumns, schemaElements } from './column-tree.ts';
import { createdBy } from './encode.ts';
import { type ByteReader, fileHeader, ParquetError, writeFooter } from './footer.ts';
import {
  type ColumnChunk,
  type FileMetaData,
  PhysicalType,
  Repetition,
  type RowGroup,
  type SchemaElement,
} from './format.ts';

export interface ConcatPart {
  readonly reader: ByteReader;
  readonly footer: FileMetaData;
}

/** A file to be: what its bytes will be, without having been read yet. */
export interface ConcatenatedFile {
  readonly footer: FileMetaData;
  readonly size: number;
  /** Where each part's row groups begin among the file's. */
  readonly firstRowGroups: readonly number[];
  /** The file's bytes in order. One row group is in memory at a time. */
  bytes(): AsyncIterable<Uint8Array>;
}

/** Bytes of a part, or bytes made here. */
type Piece =
  | { readonly part: number; readonly start: number; readonly end: number }
  | { readonly made: readonly Uint8Array[] };

interface PartLeaf {
  readonly index: number;
  readonly shape: string;
  readonly element: SchemaElement;
}

/**
 * Plans a file of all the parts' row groups, in their order, whose columns are `columns` (with their Iceberg field ids):
 * found by name, null where a part lacks a whole column. Throws ParquetError where that can't be done without encoding
 * anew: a part has a column more, a column of another type or nesting than the other parts, or lacks a nested field.
 * A type that the table widened (int to long, float to double) stays as it is stored, if it is the same in all parts.
 */
export function concatFiles(parts: readonly ConcatPart[], columns: readonly ColumnNode[]): ConcatenatedFile {
  const known = parts.map(({ footer }) => leavesOf(footer));
  const stored = asStored(columns, known);
  const leaves = leafColumns(stored);
  checkNothingLost(known, leaves, columns);
  let offset = fileHeader.length;
  const pieces: Piece[] = [{ made: [fileHeader] }];
  const rowGroups: RowGroup[] = [];
  const firstRowGroups: number[] = [];
  parts.forEach(({ footer }, part) => {
    firstRowGroups.push(rowGroups.length);
    const places = leaves.map((leaf) => known[part]!.get(keyOf(leaf.path)));
    for (const group of footer.row_groups) {
      const start = offset;
      const chunks = leaves.map((leaf, i): ColumnChunk => {
        const place = places[i];
        if (!place) return addMade(leaf, group.num_rows);
        return addCopied(part, group.columns[place.index]!);
      });
      rowGroups.push({
        columns: chunks,
        total_byte_size: chunks.reduce((sum, c) => sum + c.meta_data.total_uncompressed_size, 0),
        num_rows: group.num_rows,
        file_offset: start,
        total_compressed_size: offset - start,
        ...(rowGroups.length <= 32_767 && { ordinal: rowGroups.length }),
      });
    }
  });

  function addMade(leaf: LeafColumn, rows: number): ColumnChunk {
    const { parts: made, metaData } = nullChunk(leaf, rows);
    pieces.push({ made });
    const at = offset;
    offset += metaData.total_compressed_size;
    return { file_offset: 0, meta_data: { ...metaData, data_page_offset: at + metaData.data_page_offset } };
  }

  function addCopied(part: number, { meta_data: m }: ColumnChunk): ColumnChunk {
    const start = chunkStart(m);
    const moved = offset - start;
    pieces.push({ part, start, end: start + m.total_compressed_size });
    offset += m.total_compressed_size;
    // What lies outside of the chunk (indexes, Bloom filters) isn't copied; offsets to it go.
    const { bloom_filter_offset: _a, bloom_filter_length: _b, index_page_offset: _c, ...kept } = m;
    return {
      file_offset: 0,
      meta_data: {
        ...kept,
        data_page_offset: m.data_page_offset + moved,
        ...(hasDictionary(m) && { dictionary_page_offset: m.dictionary_page_offset! + moved }),
      },
    };
  }

  const footer: FileMetaData = {
    version: 2,
    schema: schemaElements(stored),
    num_rows: rowGroups.reduce((sum, group) => sum + group.num_rows, 0),
    row_groups: rowGroups,
    created_by: createdBy,
    column_orders: leaves.map(() => ({ TYPE_ORDER: {} })),
  };
  const tail = writeFooter(footer);
  pieces.push({ made: [tail] });
  return { footer, size: offset + tail.length, firstRowGroups, bytes: () => read(parts, merged(pieces)) };
}

const hasDictionary = (m: ColumnChunk['meta_data']): boolean =>
  m.dictionary_page_offset !== undefined && m.dictionary_page_offset > 0;

/** Where a chunk's first page begins. */
export const chunkStart = (m: ColumnChunk['meta_data']): number =>
  hasDictionary(m) ? Math.min(m.dictionary_page_offset!, m.data_page_offset) : m.data_page_offset;

const keyOf = (path: readonly string[]): string => path.join('\u0000');

/** A file's leaves by their path: where their chunks are, and what decides whether bytes of one can stand beside another's. */
function leavesOf(footer: FileMetaData): Map<string, PartLeaf> {
  const leaves = new Map<string, PartLeaf>();
  let next = 1;
  const visit = (path: readonly string[], shape: string) => {
    const element = footer.schema[next++];
    if (!element) throw new ParquetError('the schema of a part is cut short');
    const own = [...path, element.name];
    const ownShape = `${shape}${element.repetition_type ?? Repetition.REQUIRED}`;
    if (element.num_children) for (let i = 0; i < element.num_children; i++) visit(own, ownShape);
    else leaves.set(keyOf(own), { index: leaves.size, shape: ownShape, element });
  };
  for (let i = 0; i < (footer.schema[0]!.num_children ?? 0); i++) visit([], '');
  return leaves;
}

/** The columns with the types that the parts really have. */
function asStored(columns: readonly ColumnNode[], parts: readonly ReadonlyMap<string, PartLeaf>[]): ColumnNode[] {
  const shapes = new Map(leafShapes(columns));
  const retype = (node: ColumnNode, path: readonly string[], repeated: readonly string[]): ColumnNode => {
    if (node.kind !== 'leaf') {
      const names = { struct: [], list: ['list'], map: ['key_value'], leaf: [] }[node.kind];
      return {
        ...node,
        children: node.children.map((child) => retype(child, [...path, ...names, child.name], repeated)),
      };
    }
    const key = keyOf(path);
    const found = parts.flatMap((part) => part.get(key) ?? []);
    for (const { element, shape } of found) {
      if (shape !== shapes.get(key))
        throw new ParquetError(`column ${path.join('.')} is nested or required in another way in one of the files`);
      if (element.type !== found[0]!.element.type || element.type_length !== found[0]!.element.type_length)
        throw new ParquetError(`column ${path.join('.')} has two types`);
    }
    const stored = found[0]?.element;
    if (!stored || (stored.type === node.leaf!.physical && stored.type_length === node.leaf!.typeLength)) return node;
    const widened =
      (stored.type === PhysicalType.INT32 && node.leaf!.physical === PhysicalType.INT64) ||
      (stored.type === PhysicalType.FLOAT && node.leaf!.physical === PhysicalType.DOUBLE);
    const isDecimal = node.leaf!.logical?.DECIMAL !== undefined && stored.scale === node.leaf!.scale;
    if (!isDecimal && (!widened || node.leaf!.logical))
      throw new ParquetError(`column ${path.join('.')} is stored in another type than the table's`);
    const { type: physical, type_length, converted_type, logicalType, scale, precision } = stored;
    return {
      ...node,
      leaf: {
        physical: physical!,
        ...(type_length !== undefined && { typeLength: type_length }),
        ...(converted_type !== undefined && { converted: converted_type }),
        ...(logicalType !== undefined && { logical: logicalType }),
        ...(scale !== undefined && { scale }),
        ...(precision !== undefined && { precision }),
      },
    };
  };
  return columns.map((node) => retype(node, [node.name], []));
}

/** How the leaves of a file with these columns would be nested. */
function leafShapes(columns: readonly ColumnNode[]): [string, string][] {
  const schema = schemaElements(columns);
  return [...leavesOf({ version: 2, num_rows: 0, row_groups: [], schema })].map(([key, { shape }]) => [key, shape]);
}

function checkNothingLost(
  parts: readonly ReadonlyMap<string, PartLeaf>[],
  leaves: readonly LeafColumn[],
  columns: readonly ColumnNode[],
): void {
  const wanted = new Map(leaves.map((leaf) => [keyOf(leaf.path), leaf]));
  const nested = columns
    .filter((node) => node.kind !== 'leaf')
    .map((node) => leaves.filter((leaf) => leaf.path[0] === node.name));
  for (const part of parts) {
    for (const key of part.keys())
      if (!wanted.has(key))
        throw new ParquetError(`column ${key.split('\u0000').join('.')} of a file is not in the table`);
    for (const own of nested) {
      const found = own.filter((leaf) => part.has(keyOf(leaf.path))).length;
      if (found > 0 && found < own.length)
        throw new ParquetError(`a file lacks a field within column ${own[0]!.path[0]}`);
    }
  }
}

/** Pieces that lie one behind the other become one. */
function merged(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (last && 'part' in last && 'part' in piece && last.part === piece.part && last.end === piece.start)
      result[result.length - 1] = { ...last, end: piece.end };
    else result.push(piece);
  }
  return result;
}

async function* read(parts: readonly ConcatPart[], pieces: readonly Piece[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) {
    if ('made' in piece) yield* piece.made;
    else yield await parts[piece.part]!.reader.read(piece.start, piece.end);
  }
}
