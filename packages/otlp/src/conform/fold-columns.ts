import { type Data, type RecordBatch, Type } from 'apache-arrow';
import { decimalOf, jsonOfDouble, writeJsonString } from '../attributes/json-text.ts';
import { createColumn } from '../columns/create.ts';
import type { KeyValueListColumn } from '../columns/key-value-list.ts';
import type { TextColumn } from '../columns/text.ts';
import { type Cells, cellsOf } from '../encode/cells.ts';
import { keyValueListType } from '../tables.ts';
import { WireReader } from '../wire/reader.ts';

interface FoldedColumn {
  readonly key: WireReader;
  readonly cells: Cells;
}

/** A batch's overflow column with the values of attribute columns added behind what it has. */
export function foldColumns(batch: RecordBatch, overflow: string, columns: readonly string[]): Data {
  const out = createColumn(keyValueListType) as KeyValueListColumn;
  const { key, value } = out.child.fields;
  const before = cellsOf(batch, overflow);
  const folded = columns.flatMap((name): FoldedColumn[] => {
    const cells = cellsOf(batch, name);
    return cells ? [{ key: new WireReader(new TextEncoder().encode(name.slice(name.indexOf('.') + 1))), cells }] : [];
  });
  for (let row = 0; row < batch.numRows; row++) {
    if (before) copyEntries(out, before, row);
    for (const column of folded) {
      if (column.cells.isNull(row)) continue;
      const element = out.add(row);
      key.append(element, column.key, 0, column.key.bytes.length);
      value.begin(element, 0);
      writeCell(value, column.cells, row);
      value.finish(element);
    }
  }
  return out.take(batch.numRows);
}

function copyEntries(out: KeyValueListColumn, cells: Cells, row: number): void {
  if (cells.isNull(row)) return;
  const from = cells.child!.fields;
  const { key, value } = out.child.fields;
  for (let i = cells.start(row); i < cells.start(row + 1); i++) {
    const element = out.add(row);
    copyText(key, element, from.get('key')!.text(i));
    copyText(value, element, from.get('value')!.text(i));
  }
}

function copyText(column: TextColumn, row: number, text: Uint8Array): void {
  column.begin(row, text.length);
  column.writeBytes(text);
  column.finish(row);
}

/** A cell as an AnyValue in OTLP's JSON. */
function writeCell(out: TextColumn, cells: Cells, row: number): void {
  switch (cells.type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8: {
      const text = cells.text(row);
      out.writeAscii('{"stringValue":');
      writeJsonString(out, { bytes: text }, 0, text.length);
      break;
    }
    case Type.Bool:
      out.writeAscii(cells.bool(row) ? '{"boolValue":true' : '{"boolValue":false');
      break;
    case Type.Int:
      cells.integer(row);
      out.writeAscii(`{"intValue":"${decimalOf(cells.lo, cells.hi)}"`);
      break;
    case Type.Float:
      out.writeAscii(`{"doubleValue":${jsonOfDouble(cells.number(row))}`);
      break;
    default:
      out.writeAscii('{"arrayValue":{"values":[');
      writeElements(out, cells, row);
      out.writeAscii(']}');
  }
  out.writeAscii('}');
}

function writeElements(out: TextColumn, cells: Cells, row: number): void {
  const { child } = cells;
  if (!child) throw new TypeError(`an attribute column can't be ${cells.type}`);
  for (let i = cells.start(row); i < cells.start(row + 1); i++) {
    if (i > cells.start(row)) out.writeAscii(',');
    if (child.isNull(i)) out.writeAscii('{}');
    else writeCell(out, child, i);
  }
}
