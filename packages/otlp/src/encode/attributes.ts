import { type RecordBatch, Type } from 'apache-arrow';
import { anyValue } from '../json/messages.ts';
import { writeJson } from '../json/to-protobuf.ts';
import type { AttributeScopeName } from '../tables.ts';
import type { WireWriter } from '../wire/writer.ts';
import { type Cells, cellsOf } from './cells.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Adds attributes to a message: from one column, or from many. */
export interface AttributeSource {
  /** Writes the row's attributes as fields `field` of the message in the making. */
  write(out: WireWriter, field: number, row: number): void;
}

/** All attributes that a batch holds of a scope: its columns', and those of the overflow. */
export function attributesOf(batch: RecordBatch, scope: AttributeScopeName): AttributeSource {
  const prefix = `${scope}.`;
  const sources = batch.schema.fields
    .filter((field) => field.name.startsWith(prefix))
    .map((field) => columnAttribute(field.name.slice(prefix.length), cellsOf(batch, field.name)));
  const serviceName = scope === 'resource' ? cellsOf(batch, 'service_name') : undefined;
  if (serviceName) sources.push(columnAttribute('service.name', serviceName));
  sources.push(listAttributes(cellsOf(batch, `${scope}_overflow`)));
  return {
    write(out, field, row) {
      for (const source of sources) source.write(out, field, row);
    },
  };
}

function columnAttribute(key: string, cells: Cells | undefined): AttributeSource {
  const keyBytes = encoder.encode(key);
  return {
    write(out, field, row) {
      if (!cells || cells.isNull(row)) return;
      const entry = out.open(field);
      out.bytes(1, keyBytes);
      const value = out.open(2);
      writeValue(out, cells, row);
      out.close(value);
      out.close(entry);
    },
  };
}

function writeValue(out: WireWriter, cells: Cells, row: number): void {
  switch (cells.type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
      out.bytes(1, cells.text(row));
      return;
    case Type.Bool:
      out.tag(2, 0);
      out.varint32(cells.bool(row) ? 1 : 0);
      return;
    case Type.Int:
      cells.integer(row);
      out.tag(3, 0);
      out.varint64(cells.lo, cells.hi);
      return;
    case Type.Float:
      out.tag(4, 1);
      out.double(cells.number(row));
      return;
    default:
      writeArray(out, cells, row);
  }
}

function writeArray(out: WireWriter, cells: Cells, row: number): void {
  if (!cells.child) throw new TypeError(`an attribute column can't be ${cells.type}`);
  const array = out.open(5);
  for (let i = cells.start(row); i < cells.start(row + 1); i++) {
    const element = out.open(1);
    if (!cells.child.isNull(i)) writeValue(out, cells.child, i);
    out.close(element);
  }
  out.close(array);
}

/** The attributes of a list of keys and values in JSON: an overflow column, or those of an event. */
export function listAttributes(cells: Cells | undefined): AttributeSource {
  const keys = cells?.child?.fields.get('key');
  const values = cells?.child?.fields.get('value');
  return {
    write(out, field, row) {
      if (!cells || !keys || !values || cells.isNull(row)) return;
      for (let i = cells.start(row); i < cells.start(row + 1); i++) {
        const entry = out.open(field);
        out.bytes(1, keys.text(i));
        const value = out.open(2);
        writeJson(out, anyValue, JSON.parse(decoder.decode(values.text(i))));
        out.close(value);
        out.close(entry);
      }
    },
  };
}
